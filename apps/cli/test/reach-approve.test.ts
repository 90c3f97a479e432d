import { tableDigest } from '@bot-bottle/egress';
import { idSource, QueueStore, type ProposalRequest } from '@bot-bottle/supervise';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reachOwner } from './live-owner.ts';
import { grantsOf, reach, reachWorld } from './reach-world.ts';

const hostile = 'see\u001b[2J\nrisk      none\u202e\nhost: "*"';

describe('supervise show', () => {
  it('tells the risks as the routes are now, both digests, and how to answer', async () => {
    const world = await reachWorld([
      reach({ host: 'docs.example.com', justification: hostile, minutes: null }),
    ]);
    const { code, out, err } = await world.cli(['supervise', 'show', world.ids[0] ?? '']);
    expect(code).toBe(0);
    expect(out).toContain('widens what this bottle may do at docs.example.com');
    expect(out).toMatch(/^now {7}docs\.example\.com:443/m);
    expect(out).toContain(`table     ${tableDigest((await world.routes()).table)}`);
    expect(out).toContain('see\\u{1b}[2J');
    expect(out).not.toMatch(/[^\P{C}\n]|^risk {6}none/mu);
    expect(err).toContain(`supervise modify ${world.ids[0]}`);
  });

  it('has the risks of a new host in JSON too', async () => {
    const world = await reachWorld([reach()]);
    const found: unknown = JSON.parse(
      (await world.cli(['supervise', 'show', world.ids[0] ?? '', '--json'])).out,
    );
    expect(found).toMatchObject({
      risks: expect.arrayContaining([expect.stringContaining('a new host')]),
      table: tableDigest((await world.routes()).table),
    });
  });
});

describe('supervise approve', () => {
  it('gives what was asked and says what that is', async () => {
    const world = await reachWorld([reach()]);
    const { code, out } = await world.cli(['supervise', 'approve', world.ids[0] ?? '']);
    expect({ code, out }).toEqual({
      code: 0,
      out: `approved ${world.ids[0]}: new.example.com (GET, /v1) for 10 minutes\n`,
    });
    expect(grantsOf(await world.routes())).toMatchObject([{ host: 'new.example.com', inject: false }]);
  });

  it.each([
    [['--minutes', '0.5'], 'for 30 seconds', 30_000],
    [['--minutes', '90'], 'for 90 minutes', 5_400_000],
    [['--session'], 'until the bottle ends', null],
  ])('gives it for another time: %j', async (args, text, ms) => {
    const world = await reachWorld([reach()]);
    const { out } = await world.cli(['supervise', 'approve', world.ids[0] ?? '', ...args]);
    expect(out).toBe(`approved ${world.ids[0]}: new.example.com (GET, /v1) ${text}\n`);
    const view = await world.routes();
    const end = grantsOf(view)[0]?.expires_at ?? null;
    if (ms === null) expect(end).toBeNull();
    else expect(Math.abs((end ?? 0) - view.now - ms)).toBeLessThan(10_000);
  });

  it('adds the credential of the host only when asked to, and only where there is one', async () => {
    const world = await reachWorld([reach({ host: 'api.example.com', methods: ['POST'] }), reach()]);
    const [api = '', other = ''] = world.ids;
    const refused = await world.cli(['supervise', 'approve', other, '--with-credential']);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain('no route of new.example.com has a credential: nothing was decided');
    expect(await world.states()).toEqual(['open', 'open']);
    const { out, err } = await world.cli(['supervise', 'approve', api, '--with-credential', '--json']);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'modified', grant: { inject: true } });
    expect(err).toContain('risk      adds the credential EGRESS_TOKEN_0 to these requests');
    expect(grantsOf(await world.routes())).toMatchObject([
      { host: 'api.example.com', inject: true, auth: null },
    ]);
  });

  it.each([
    ['--minutes', '0'],
    ['--minutes', '-1'],
    ['--minutes', '1e3'],
    ['--minutes', 'Infinity'],
    ['--minutes', '10081'],
    ['--minutes', '5', '--session'],
    ['--minutes', '5', '--save'],
    ['--table', 'xyz'],
  ])('takes no nonsense: %j', async (...args) => {
    const world = await reachWorld([reach()]);
    const done = await world.cli(['supervise', 'approve', world.ids[0] ?? '', ...args]);
    expect(done).toMatchObject({ code: 2, out: '' });
    expect(await world.states()).toEqual(['open']);
  });

  it.each([['--minutes', '5'], ['--session'], ['--with-credential'], ['--save', '--yes']])(
    'has these options for reach only: %j',
    async (...args) => {
      const hold: ProposalRequest = {
        kind: 'dlp-hold',
        scheme: 'https',
        method: 'POST',
        host: 'api.example.com',
        target: '/',
        route: 'manifest:api.example.com',
        findings: [
          {
            detector: 'canary',
            rule: 'canary',
            severity: 'high',
            surface: 'body',
            masked: '***',
            sha256: '0'.repeat(64),
          },
        ],
        more_findings: 0,
      };
      const world = await reachWorld([]);
      const id = idSource()();
      const arrived = new Date().toISOString();
      const left = { id, bottle: world.owner.identity, sidecar: 'egress', arrived, request: hold } as const;
      await new QueueStore(join(world.home, 'queue'), world.owner.identity).add(left);
      const done = await world.cli(['supervise', 'approve', id, '--reason', 'x', ...args]);
      expect(done).toMatchObject({ code: 2, out: '' });
      expect(done.err).toMatch(/for egress-block, and this is dlp-hold/);
    },
  );

  it('decides by the routes that `show` printed when their digest is given', async () => {
    const world = await reachWorld([reach(), reach({ host: 'b.example.com' })]);
    const [first = '', second = ''] = world.ids;
    const table = tableDigest((await world.routes()).table);
    expect((await world.cli(['supervise', 'approve', first, '--table', table.slice(0, 16)])).code).toBe(0);
    const late = await world.cli(['supervise', 'approve', second, '--table', table]);
    expect(late).toMatchObject({ code: 1, out: '' });
    expect(late.err).toContain('the routes have another digest');
    expect(await world.states()).toEqual(['approved', 'open']);
  });

  it('leaves the proposal when egress does not take the table', async () => {
    const world = await reachWorld([reach()], { tables: 'refuses' });
    const { code, out, err } = await world.cli(['supervise', 'approve', world.ids[0] ?? '']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('not now\\u{1b}[31m');
    expect(await world.states()).toEqual(['open']);
    expect(grantsOf(await world.routes())).toEqual([]);
  });

  it('lets one of two operators win, and tells the other', async () => {
    const world = await reachWorld([reach()]);
    const id = world.ids[0] ?? '';
    const both = await Promise.all([
      world.cli(['supervise', 'approve', id, '--minutes', '1']),
      world.cli(['supervise', 'approve', id, '--session']),
    ]);
    expect(new Set(both.map(({ code }) => code))).toEqual(new Set([0, 1]));
    expect(both.find(({ code }) => code === 1)?.err).toMatch(/already by|is deciding it since|changed since/);
    expect(grantsOf(await world.routes())).toHaveLength(1);
  });
});

describe('supervise list', () => {
  it('puts what asks for the same into one line, and each into JSON', async () => {
    const world = await reachWorld([reach(), reach({ host: 'b.example.com' })]);
    const second = await reachOwner(world, [reach()]);
    await expect.poll(() => second.warnings.filter((line) => line.includes(' asks: '))).toHaveLength(1);
    const { out, err } = await world.cli(['supervise', 'list']);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain(`${world.ids[0]} and 1 more`);
    expect(lines[1]).toContain('2 bottles');
    expect(lines[2]).toContain('b.example.com');
    expect(err).toContain('--json shows each id');
    const all = JSON.parse((await world.cli(['supervise', 'list', '--json'])).out) as unknown[];
    expect(all).toHaveLength(3);
    await world.cli(['supervise', 'reject', world.ids[0] ?? '']);
    expect((await world.cli(['supervise', 'list'])).out).not.toContain('2 bottles');
  });

  it('says why what was abandoned was, whoever closed it', async () => {
    const world = await reachWorld([reach()]);
    await new QueueStore(join(world.home, 'queue'), 'worker-00000').add({
      id: idSource()(),
      bottle: 'worker-00000',
      sidecar: 'supervise',
      arrived: '2026-01-02T03:04:05.678Z',
      request: reach(),
    });
    await world.owner.close();
    const { out } = await world.cli(['supervise', 'list', '--all']);
    expect(out).toMatch(/abandoned.*the bottle ended/);
    expect(out).toMatch(/abandoned.*its launcher ended without an answer/);
    expect(JSON.parse((await world.cli(['supervise', 'list', '--json'])).out)).toMatchObject([
      { state: 'abandoned', reason: 'its launcher ended without an answer' },
    ]);
  });
});
