import { setTimeout as delay } from 'node:timers/promises';
import { ProtocolError, ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { describe, expect, it } from 'vitest';
import { MAX_OPEN, MAX_PER_MINUTE, proposalDigest, SuperviseError } from '../src/index.ts';
import { answer, applying, bottle, deskWorld, findingRequest, pushRequest } from './desk-world.ts';

const refusal = (text: RegExp): unknown =>
  expect.objectContaining({ name: 'ProtocolRefusal', message: expect.stringMatching(text) });

describe('a proposal', () => {
  it('is stored, audited and told to the operator in one visible line; its sidecar gets the id', async () => {
    const { desk, queue, notices, events } = await deskWorld();
    const { id } = await desk
      .connect('git-gate', applying().apply)
      .propose(pushRequest({ repo: 'app\u001b[2J\n' }));
    expect(desk.list()).toMatchObject([{ proposal: { id, bottle, sidecar: 'git-gate' }, deciding: null }]);
    expect((await queue.list()).entries).toMatchObject([{ proposal: { id }, response: null }]);
    expect(await events()).toMatchObject([
      { action: 'proposal', outcome: 'held', code: null, details: { id, kind: 'push-approval' } },
    ]);
    expect(notices).toEqual([
      `${bottle} asks: push branch main to app\\u{1b}[2J\\n; bot-bottle supervise show ${id}`,
    ]);
  });

  it('joins an identical one that is open, also while that still arrives', async () => {
    const { desk, notices } = await deskWorld();
    const source = desk.connect('git-gate', applying().apply);
    const [first, second] = await Promise.all([source.propose(pushRequest()), source.propose(pushRequest())]);
    const third = await source.propose(pushRequest());
    expect([second, third]).toEqual([first, first]);
    expect(desk.list()).toHaveLength(1);
    expect(notices).toHaveLength(1);
  });

  it('is another one when anything differs, or the first was answered', async () => {
    const { desk } = await deskWorld();
    const source = desk.connect('git-gate', applying().apply);
    const first = await source.propose(pushRequest());
    const other = await source.propose(pushRequest({ held: 'h2' }));
    await desk.decide(answer(desk, first.id));
    const again = await source.propose(pushRequest());
    expect(new Set([first.id, other.id, again.id]).size).toBe(3);
  });

  it('is refused beyond those that may wait, in a burst too, and audited', async () => {
    const { desk, events, notices } = await deskWorld();
    const source = desk.connect('git-gate', applying().apply);
    const burst = Array.from({ length: 40 }, (_, index) =>
      source.propose(pushRequest({ held: `h${index}` })),
    );
    const settled = await Promise.allSettled(burst);
    const refused = settled.filter((each) => each.status === 'rejected');
    expect(refused).toHaveLength(40 - MAX_OPEN);
    expect(refused[0]?.reason).toEqual(refusal(/^too_many_proposals: /));
    expect(desk.list()).toHaveLength(MAX_OPEN);
    expect(notices).toHaveLength(MAX_OPEN);
    expect(await events()).toContainEqual(
      expect.objectContaining({ outcome: 'denied', code: 'too_many_proposals' }),
    );
  });

  it('is refused beyond those of one minute, however quickly they are answered', async () => {
    const { desk } = await deskWorld();
    const source = desk.connect('git-gate', applying().apply);
    for (let count = 0; count < MAX_PER_MINUTE; count += 1) {
      const { id } = await source.propose(pushRequest({ held: `h${count}` }));
      await desk.decide(answer(desk, id, 'rejected'));
    }
    await expect(source.propose(pushRequest({ held: 'more' }))).rejects.toEqual(
      refusal(/too_many_proposals/),
    );
  });

  it('shares its limits with those of the other lives of its sidecar', async () => {
    const { desk } = await deskWorld();
    for (let count = 0; count < MAX_PER_MINUTE; count += 1) {
      const source = desk.connect('git-gate', applying().apply);
      await source.propose(pushRequest());
      source.gone();
    }
    const next = desk.connect('git-gate', applying().apply);
    await expect(next.propose(pushRequest())).rejects.toEqual(refusal(/too_many_proposals/));
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'approve me'],
    ['another kind', { ...pushRequest(), kind: 'egress-block' }],
    ['an outcome of its own', { ...pushRequest(), outcome: 'approved' }],
    ['an id of its own', { ...pushRequest(), id: '../../../../tmp/evil' }],
    ['a digest of its own', { ...pushRequest(), digest: '0'.repeat(64) }],
    ['a whole proposal', { id: 'x'.repeat(16), bottle, sidecar: 'git-gate', request: pushRequest() }],
    ['a prototype', JSON.parse('{"__proto__":{"kind":"push-approval"}}')],
    ['texts without end', pushRequest({ repo: 'x'.repeat(1_000_000) })],
    ['a list without end', { ...pushRequest(), refs: Array.from({ length: 1_000_000 }, () => 1) }],
    ['depth without end', { ...pushRequest(), refs: JSON.parse('['.repeat(1e6) + ']'.repeat(1e6)) }],
    ['more than fits', pushRequest({ paths: Array.from({ length: 200 }, () => 'p'.repeat(4096)) })],
  ])('is refused when it is %s, and leaves nothing', async (_what, raw) => {
    const { desk, files, notices, events } = await deskWorld();
    await expect(desk.connect('git-gate', applying().apply).propose(raw)).rejects.toEqual(
      refusal(/proposal/),
    );
    expect(desk.list()).toEqual([]);
    expect(await files()).toEqual([]);
    expect(notices).toEqual([]);
    expect(await events()).toMatchObject([{ outcome: 'denied', code: 'malformed_request' }]);
  });

  it('is refused from a sidecar that may not ask for it', async () => {
    const { desk } = await deskWorld();
    const source = desk.connect('egress', applying().apply);
    await expect(source.propose(pushRequest())).rejects.toEqual(refusal(/egress may not ask/));
  });

  it('never names a file: hostile names stay inside the record', async () => {
    const { desk, files } = await deskWorld();
    const evil = '../../../../../tmp/evil\0/x';
    const source = desk.connect('git-gate', applying().apply);
    const { id } = await source.propose(
      pushRequest({ held: evil, repo: evil, upstream: evil, paths: [evil] }),
    );
    expect(await files()).toEqual([`queue/${bottle}/proposals/${id}.json`]);
  });

  it('is refused when the audit log cannot be written', async () => {
    const { desk, audit, files, warnings } = await deskWorld();
    await audit.close();
    const source = desk.connect('git-gate', applying().apply);
    await expect(source.propose(pushRequest())).rejects.toEqual(refusal(/audit_unavailable/));
    expect(desk.list()).toEqual([]);
    expect(await files()).toEqual([]);
    expect(warnings[0]).toContain('audit log');
  });

  it('is refused when the queue cannot be written, without saying where that is', async () => {
    const { desk, queueDir, warnings } = await deskWorld();
    const { writeFile } = await import('node:fs/promises');
    await writeFile(queueDir, '');
    const source = desk.connect('git-gate', applying().apply);
    const failure: unknown = await source.propose(pushRequest()).catch((error: unknown) => error);
    expect(failure).toEqual(refusal(/queue_unavailable/));
    expect(String(failure)).not.toContain(queueDir);
    expect(warnings[0]).toContain(queueDir);
    expect(desk.list()).toEqual([]);
  });
});

describe('a decision', () => {
  it('is applied first, then recorded with who, why and the digest', async () => {
    const { desk, queue, events } = await deskWorld();
    const order: string[] = [];
    const source = desk.connect('git-gate', async () => {
      const [entry] = (await queue.list()).entries;
      order.push(`applied while ${entry?.response?.outcome ?? 'open'}`);
    });
    const { id } = await source.propose(pushRequest());
    const request = answer(desk, id);
    const response = await desk.decide(request);
    expect(order).toEqual(['applied while open']);
    expect(response).toMatchObject({
      id,
      outcome: 'approved',
      reason: 'because',
      by: 'op',
      digest: request.digest,
    });
    expect((await queue.list()).entries).toMatchObject([{ response }]);
    expect(desk.list()).toEqual([]);
    expect((await events()).map(({ action, outcome, code }) => [action, outcome, code])).toEqual([
      ['proposal', 'held', null],
      ['approve', 'held', null],
      ['decide', 'allowed', null],
    ]);
  });

  it('reaches the sidecar that asked, with the reason', async () => {
    const { desk } = await deskWorld();
    const [mine, other] = [applying(), applying()];
    const { id } = await desk.connect('git-gate', mine.apply).propose(pushRequest());
    desk.connect('git-gate', other.apply);
    await desk.decide(answer(desk, id, 'rejected', 'no'));
    expect(mine.told).toEqual([{ proposal: id, outcome: 'rejected', reason: 'no' }]);
    expect(other.told).toEqual([]);
  });

  it('that rejects is audited as a denial', async () => {
    const { desk, events } = await deskWorld();
    const { id } = await desk.connect('git-gate', applying().apply).propose(pushRequest());
    await desk.decide(answer(desk, id, 'rejected'));
    expect((await events()).at(-1)).toMatchObject({
      action: 'decide',
      outcome: 'denied',
      code: 'approval_rejected',
      details: { id },
    });
  });

  it('for what was not shown is refused, and nothing is applied', async () => {
    const { desk } = await deskWorld();
    const sidecar = applying();
    const { id } = await desk.connect('git-gate', sidecar.apply).propose(pushRequest());
    const [open] = desk.list();
    if (open === undefined) throw new Error('nothing is open');
    const digest = proposalDigest({ ...open.proposal, request: pushRequest({ repo: 'other' }) });
    await expect(desk.decide({ ...answer(desk, id), digest })).rejects.toMatchObject({ code: 'changed' });
    expect(sidecar.told).toEqual([]);
    expect(desk.list()).toHaveLength(1);
  });

  it('goes by what arrived, not by a file that was changed since', async () => {
    const { desk, queueDir } = await deskWorld();
    const sidecar = applying();
    const { id } = await desk.connect('git-gate', sidecar.apply).propose(pushRequest());
    const { writeFile } = await import('node:fs/promises');
    const [open] = desk.list();
    if (open === undefined) throw new Error('nothing is open');
    const forged = { ...open.proposal, request: pushRequest({ repo: 'harmless' }) };
    await writeFile(`${queueDir}/${bottle}/proposals/${id}.json`, JSON.stringify(forged));
    const shown = { ...answer(desk, id), digest: proposalDigest(forged) };
    await expect(desk.decide(shown)).rejects.toMatchObject({ code: 'changed' });
    expect(sidecar.told).toEqual([]);
  });

  it('is not taken from a response that somebody put into the queue', async () => {
    const { desk, queue } = await deskWorld();
    const sidecar = applying();
    const { id } = await desk.connect('git-gate', sidecar.apply).propose(pushRequest());
    const digest = desk.list()[0]?.digest ?? '';
    const decided = new Date().toISOString();
    await queue.respond({
      id,
      outcome: 'approved',
      reason: '',
      decided,
      by: null,
      digest,
      applied: null,
      grant: null,
      dockerfile: null,
    });
    expect(sidecar.told).toEqual([]);
    expect(desk.list()).toHaveLength(1);
  });

  it('that lets a finding pass needs a reason, one that rejects does not', async () => {
    const { desk } = await deskWorld();
    const source = desk.connect('git-gate', applying().apply);
    const { id } = await source.propose(findingRequest());
    await expect(desk.decide(answer(desk, id, 'approved', ' \n'))).rejects.toMatchObject({
      code: 'needs_reason',
    });
    expect(await desk.decide(answer(desk, id, 'rejected', ''))).toMatchObject({ outcome: 'rejected' });
    const other = await source.propose(findingRequest({ held: 'h2' }));
    expect(await desk.decide(answer(desk, other.id, 'approved', 'a test key'))).toMatchObject({
      outcome: 'approved',
    });
  });

  it('of two at once: one wins, the other is told who and since when, later ones who and when', async () => {
    const { desk } = await deskWorld();
    const { promise, resolve } = Promise.withResolvers<void>();
    let applied = 0;
    const source = desk.connect('git-gate', async () => {
      applied += 1;
      await promise;
    });
    const { id } = await source.propose(pushRequest());
    const request = answer(desk, id);
    const first = desk.decide({ ...request, by: 'alice' });
    await expect(desk.decide({ ...request, outcome: 'rejected', by: 'bob' })).rejects.toMatchObject({
      code: 'being_decided',
      message: expect.stringMatching(/^alice is deciding it since 20/),
    });
    expect(desk.list()[0]?.deciding?.by).toBe('alice');
    resolve();
    await first;
    await expect(desk.decide({ ...request, outcome: 'rejected', by: 'bob' })).rejects.toMatchObject({
      code: 'already_decided',
      message: expect.stringMatching(/^approved already by alice at 20/),
    });
    expect(applied).toBe(1);
  });

  it('for an unknown id is refused', async () => {
    const { desk } = await deskWorld();
    await expect(desk.decide(answer(desk, '0'.repeat(16)))).rejects.toMatchObject({
      code: 'unknown_proposal',
    });
  });

  it('that cannot be applied leaves the proposal open, tells why in visible text, and can be made again', async () => {
    const { desk, events } = await deskWorld();
    let works = false;
    const source = desk.connect('git-gate', async () => {
      if (!works) throw new ProtocolRefusal('stale\u001b[31m', ['main moved\u202e']);
    });
    const { id } = await source.propose(pushRequest());
    await expect(desk.decide(answer(desk, id))).rejects.toMatchObject({
      code: 'apply_failed',
      message: 'it could not be applied: stale\\u{1b}[31m; main moved\\u{202e}',
      hint: 'the proposal still waits',
    });
    expect(desk.list()).toMatchObject([{ proposal: { id }, deciding: null }]);
    expect((await events()).at(-1)).toMatchObject({ action: 'approve', outcome: 'failed' });
    works = true;
    expect(await desk.decide(answer(desk, id))).toMatchObject({ outcome: 'approved' });
  });

  it('is not applied when it cannot be audited', async () => {
    const { desk, audit } = await deskWorld();
    const sidecar = applying();
    const { id } = await desk.connect('git-gate', sidecar.apply).propose(pushRequest());
    await audit.close();
    await expect(desk.decide(answer(desk, id))).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(sidecar.told).toEqual([]);
    expect(desk.list()).toHaveLength(1);
  });

  it('that rejects counts, whatever the sidecar says', async () => {
    const { desk, warnings } = await deskWorld();
    const source = desk.connect('git-gate', async () => {
      throw new ProtocolRefusal('I will not');
    });
    const { id } = await source.propose(pushRequest());
    expect(await desk.decide(answer(desk, id, 'rejected'))).toMatchObject({ outcome: 'rejected' });
    expect(desk.list()).toEqual([]);
    expect(warnings.at(-1)).toContain('did not confirm');
  });

  it('holds up no other one while a sidecar does not answer', async () => {
    const { desk } = await deskWorld({ closeGraceMs: 1 });
    const stuck = desk.connect('git-gate', (_decision, { signal }) => aborted(signal));
    const { id } = await stuck.propose(pushRequest());
    const waiting = desk.decide(answer(desk, id)).catch((error: unknown) => error);
    const fine = desk.connect('git-gate', applying().apply);
    const other = await fine.propose(pushRequest({ held: 'h2' }));
    expect(await desk.decide(answer(desk, other.id))).toMatchObject({ outcome: 'approved' });
    await desk.close();
    expect(await waiting).toMatchObject({ code: 'apply_failed' });
  });
});

describe('the end', () => {
  it('of a sidecar closes its open proposals as abandoned, and those of no other', async () => {
    const { desk, queue, events } = await deskWorld();
    const dying = desk.connect('git-gate', applying().apply);
    const living = desk.connect('git-gate', applying().apply);
    const { id } = await dying.propose(pushRequest());
    const other = await living.propose(pushRequest());
    dying.gone();
    await expect(desk.decide(answer(desk, id))).rejects.toMatchObject({ code: 'already_decided' });
    expect(desk.list().map(({ proposal }) => proposal.id)).toEqual([other.id]);
    await desk.close();
    const found = (await queue.list()).entries.find(({ proposal }) => proposal.id === id);
    expect(found?.response).toMatchObject({
      outcome: 'abandoned',
      reason: 'the sidecar git-gate ended',
      by: null,
    });
    expect(await events()).toContainEqual(
      expect.objectContaining({
        action: 'decide',
        outcome: 'failed',
        details: expect.objectContaining({ id }),
      }),
    );
  });

  it('of a sidecar while it applies is told as what it is: nobody knows', async () => {
    const { desk, queue } = await deskWorld();
    const source = desk.connect('git-gate', async () => {
      source.gone();
      throw new ProtocolError('closed', 'the sidecar is gone');
    });
    const { id } = await source.propose(pushRequest());
    await expect(desk.decide(answer(desk, id))).rejects.toMatchObject({
      code: 'apply_failed',
      message: expect.stringContaining('not known'),
    });
    expect(desk.list()).toEqual([]);
    expect((await queue.list()).entries[0]?.response).toMatchObject({ outcome: 'abandoned' });
  });

  it('of a sidecar takes what it asks in its last moment with it', async () => {
    const { desk, queue } = await deskWorld();
    const source = desk.connect('git-gate', applying().apply);
    const last = source.propose(pushRequest());
    source.gone();
    await expect(last).rejects.toEqual(refusal(/stopped/));
    await expect(source.propose(pushRequest())).rejects.toEqual(refusal(/stopped/));
    expect(desk.list()).toEqual([]);
    expect((await queue.list()).entries).toMatchObject([{ response: { outcome: 'abandoned' } }]);
  });

  it('of the bottle closes held pushes as rejected, lists them, and takes nothing more', async () => {
    const { desk, queue, events } = await deskWorld();
    const sidecar = applying();
    const source = desk.connect('git-gate', sidecar.apply);
    const { id } = await source.propose(pushRequest());
    const request = answer(desk, id);
    const warnings = await desk.close();
    expect(warnings).toEqual([expect.stringContaining(id)]);
    expect((await queue.list()).entries[0]?.response).toMatchObject({
      outcome: 'rejected',
      reason: 'the bottle ended',
      by: null,
    });
    expect((await events()).at(-1)).toMatchObject({ action: 'decide', code: 'approval_rejected' });
    await expect(desk.decide(request)).rejects.toMatchObject({ code: 'closed' });
    await expect(source.propose(pushRequest({ held: 'h2' }))).rejects.toEqual(refusal(/stopped/));
    expect(await desk.close()).toBe(warnings);
    expect(sidecar.told).toEqual([]);
  });

  it('of the bottle lets an approval that is being applied finish', async () => {
    const { desk, queue } = await deskWorld();
    const { promise, resolve } = Promise.withResolvers<void>();
    const { id } = await desk.connect('git-gate', () => promise).propose(pushRequest());
    const deciding = desk.decide(answer(desk, id));
    const closing = desk.close();
    resolve();
    expect(await deciding).toMatchObject({ outcome: 'approved' });
    expect(await closing).toEqual([]);
    expect((await queue.list()).entries[0]?.response).toMatchObject({ outcome: 'approved' });
  });

  it('of the bottle does not wait for a sidecar that never answers', async () => {
    const { desk, queue } = await deskWorld({ closeGraceMs: 1 });
    const { id } = await desk
      .connect('git-gate', (_decision, { signal }) => aborted(signal))
      .propose(pushRequest());
    const deciding = desk.decide(answer(desk, id)).catch((error: unknown) => error);
    await desk.close();
    expect(await deciding).toMatchObject({ code: 'apply_failed' });
    expect((await queue.list()).entries[0]?.response).toMatchObject({
      outcome: 'abandoned',
      reason: expect.stringContaining('not known'),
    });
  });

  it('of an owner that died is made up for by the next one', async () => {
    const { queue, audit, events } = await deskWorld();
    const first = await deskWorld();
    const { id } = await first.desk.connect('git-gate', applying().apply).propose(pushRequest());
    const [entry] = (await first.queue.list()).entries;
    if (entry === undefined) throw new Error('nothing is stored');
    await queue.add(entry.proposal);
    const { ProposalDesk } = await import('../src/index.ts');
    const options = { bottle, queue, audit, onNotice: () => undefined, onWarning: () => undefined };
    const desk = await ProposalDesk.open(options);
    expect(desk.list()).toEqual([]);
    expect((await queue.list()).entries).toMatchObject([
      { proposal: { id }, response: { outcome: 'abandoned' } },
    ]);
    expect(await events()).toMatchObject([{ action: 'decide', outcome: 'failed' }]);
  });
});

async function aborted(signal: AbortSignal): Promise<never> {
  return (await delay(600_000, undefined, { signal })) as never;
}

describe('a request that is screened', () => {
  it('is refused before anything of it is written, and does not count', async () => {
    const { desk, files, events } = await deskWorld({
      screen: async () => {
        throw new SuperviseError('invalid_proposal', 'dlp_blocked: it holds a secret');
      },
    });
    const source = desk.connect('git-gate', applying().apply);
    for (let count = 0; count <= MAX_PER_MINUTE; count += 1) {
      await expect(source.propose(pushRequest())).rejects.toEqual(
        refusal(/^dlp_blocked: it holds a secret$/),
      );
    }
    expect(desk.list()).toEqual([]);
    expect(await files()).toEqual([]);
    expect(await events()).toContainEqual(expect.objectContaining({ code: 'malformed_request' }));
  });
});
