import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, capabilityRisks, proposalTitle, renderProposal, riskSummary } from '../src/index.ts';
import { dockerfileDiff } from '../src/kinds/capability-text.ts';
import { lineDiff } from '../src/dockerfile/line-diff.ts';
import { answer, applying, deskWorld } from './desk-world.ts';
import { capabilityRequest, sampleProposal, type CapabilityRequest } from './samples.ts';

const shown = (request: CapabilityRequest): string[] =>
  renderProposal(sampleProposal({ id: '0'.repeat(16), sidecar: 'supervise', request }));

const lines = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c', ''), fc.string({ maxLength: 90 })), {
  maxLength: 12,
});

describe('the difference of two texts', () => {
  it('holds both of them whole, whatever they are', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = lineDiff(before, after);
        const side = (sign: '-' | '+'): string[] =>
          diff.filter((line) => line.sign === ' ' || line.sign === sign).map((line) => line.text);
        expect(side('-')).toEqual(before);
        expect(side('+')).toEqual(after);
      }),
    );
  });

  it('keeps what is in both, and shows nothing twice', () => {
    expect(lineDiff(['a', 'b', 'c'], ['a', 'x', 'c', 'd'])).toEqual([
      { sign: ' ', text: 'a' },
      { sign: '-', text: 'b' },
      { sign: '+', text: 'x' },
      { sign: ' ', text: 'c' },
      { sign: '+', text: 'd' },
    ]);
  });

  it('of texts that are far too long is one after the other', () => {
    const many = Array.from({ length: 30_000 }, () => 'x');
    expect(lineDiff(many, many)).toHaveLength(60_000);
  });
});

describe('another image', () => {
  it('is shown whole, with how it differs and what to think of first', () => {
    const request = capabilityRequest({
      current: 'FROM agent\nRUN one\nRUN two\n',
      dockerfile: 'FROM agent\nRUN one\nRUN curl -fsS x | sh\n',
    });
    expect(shown(request).slice(2)).toEqual([
      'asks      rebuild its image (lines: 1 new, 1 taken away)',
      'risk      ends this bottle: what runs in it is stopped, and `resume` goes on in the new image',
      '          2 commands run while the image is built, as root if they want, with the rights of any build of the engine, without network and files of this host',
      '          wants the network, which a build does not have: that step will fail or do nothing',
      '          takes away 1 line of the Dockerfile in force',
      'in force  3 lines',
      'change      FROM agent',
      '            RUN one',
      '          - RUN two',
      '          + RUN curl -fsS x | sh',
      '            ',
      'because   the tests need the tool',
    ]);
  });

  it.each<[string, RegExp]>([
    ['RUN chmod u+s /usr/bin/find', /setuid/],
    ['RUN chmod 4755 /x', /setuid/],
    ['RUN install -m 2755 a b', /setuid/],
    ['RUN setcap cap_net_raw+ep /x', /setuid/],
    ['RUN echo /x.so > /etc/ld.so.preload', /libraries/],
    ['RUN cp evil /usr/bin/git', /relies on/],
    ['RUN echo alias >> /etc/bash.bashrc', /settings of everybody/],
    ['RUN echo x | base64 -d > /x', /cannot be read here/],
    ['RUN apt-get install -y jq', /wants the network/],
    ['ENV LD_PRELOAD=/x.so', /ENV counts while the image is built/],
    ['FROM bot-bottle-claude', /another image: bot-bottle-claude/],
    ['ADD x /', /breaks the rules/],
  ])('%s is a risk', (line, risk) => {
    expect(capabilityRisks(capabilityRequest({ dockerfile: `FROM agent\n${line}\n` })).join('\n')).toMatch(
      risk,
    );
  });

  it('a plain one has no risk but what it is', () => {
    const risks = riskSummary(capabilityRequest({ dockerfile: 'FROM agent\nRUN\tmkdir /data\n' }));
    expect(risks).toHaveLength(2);
    expect(riskSummary(capabilityRequest({ dockerfile: 'FROM agent\nRUN a\u202e\n' })).join()).toContain(
      'cannot be seen',
    );
  });

  it('the risks of the worst text that can be asked are found at once', () => {
    const dockerfile = `FROM agent\nRUN ${'chmod install '.repeat(2300)}`;
    // A search that grows faster than the text takes longer than a test may.
    expect(capabilityRisks(capabilityRequest({ dockerfile, current: dockerfile }))).toHaveLength(2);
  });

  const texts = fc.oneof(
    lines.map((each) => `${each.join('\n')}.`),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
    fc.constantFrom('x'.repeat(69), `${'x'.repeat(68)}\nx`, '+ x', '> x', 'a\n\nb', 'a\n\n\nb'),
  );
  const requests: fc.Arbitrary<CapabilityRequest> = fc.record({
    kind: fc.constant('capability-block'),
    dockerfile: texts,
    current: fc.option(texts),
    justification: fc.string({ minLength: 1, maxLength: 40 }),
  });

  it('no text of a bottle begins a line, and every line is visible', () => {
    const labels = new Set(['', 'proposal', 'bottle', 'asks', 'risk', 'in force', 'change', 'because']);
    fc.assert(
      fc.property(requests, (request) => {
        for (const line of [...shown(request), proposalTitle(request)]) expect(line).toMatch(/^\P{C}*$/u);
        for (const line of shown(request)) expect(labels).toContain(line.slice(0, 10).trimEnd());
      }),
      { numRuns: 500 },
    );
  });

  it('everything that the digest covers is shown: another Dockerfile is another text', () => {
    const plain = (request: CapabilityRequest): boolean =>
      !/[\p{C}\p{Z}\p{M}]/u.test(canonicalJson(request).replaceAll(' ', ''));
    fc.assert(
      fc.property(requests.filter(plain), texts, (request, other) => {
        fc.pre(other !== request.dockerfile && plain({ ...request, dockerfile: other }));
        expect(shown({ ...request, dockerfile: other })).not.toEqual(shown(request));
      }),
      { numRuns: 2000 },
    );
  });

  it('a line that does not fit goes on in a way that no line begins', () => {
    expect(dockerfileDiff('', 'x'.repeat(70))).toEqual(['- ', `+ ${'x'.repeat(68)}`, '+>xx']);
  });
});

describe('a desk', () => {
  const asked = capabilityRequest();

  it('lets the applier do it, tells it when that is recorded, and records what was taken', async () => {
    const told: string[] = [];
    const world = await deskWorld({
      appliers: {
        'capability-block': {
          review: () => undefined,
          apply: async (_proposal, { dockerfile = null }) => {
            told.push('applied');
            const outcome = dockerfile === null ? 'approved' : 'modified';
            return { outcome, text: 'built', grant: null, dockerfile };
          },
          recorded: ({ outcome }) => void told.push(`recorded ${outcome}`),
        },
      },
    });
    const source = world.desk.connect('supervise', applying().apply);
    const { id } = await source.propose(asked);
    const dockerfile = 'FROM agent\nRUN less\n';
    const response = await world.desk.decide({ ...answer(world.desk, id), dockerfile });
    expect(response).toMatchObject({ outcome: 'modified', dockerfile });
    expect(told).toEqual(['applied', 'recorded modified']);
    expect((await world.queue.list()).entries[0]?.response).toEqual(response);
    const decided = (await world.events()).find(({ action }) => action === 'decide');
    expect(decided?.details['dockerfile']).toMatch(/^[0-9a-f]{64}$/);
    // The log never holds what an agent wrote.
    expect(JSON.stringify(await world.events())).not.toContain('printf');
  });

  it('that could not be built still waits', async () => {
    const world = await deskWorld({
      appliers: {
        'capability-block': {
          apply: async () => await Promise.reject(new Error('no')),
          recorded: () => {
            throw new Error('was told');
          },
        },
      },
    });
    const { id } = await world.desk.connect('supervise', applying().apply).propose(asked);
    await expect(world.desk.decide(answer(world.desk, id))).rejects.toMatchObject({ code: 'apply_failed' });
    expect(world.desk.list()).toHaveLength(1);
  });

  it('takes it from no other sidecar, and no Dockerfile for another kind', async () => {
    const world = await deskWorld();
    for (const sidecar of ['egress', 'git-gate'] as const)
      await expect(world.desk.connect(sidecar, applying().apply).propose(asked)).rejects.toThrow(
        /may not ask/,
      );
    const { id } = await world.desk
      .connect('supervise', applying().apply)
      .propose({ ...capabilityRequest(), kind: 'egress-block' })
      .catch(() => ({ id: '' }));
    expect(id).toBe('');
  });
});
