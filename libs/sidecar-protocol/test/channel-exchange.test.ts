import { expect, test } from 'vitest';
import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';
import { PassThrough } from 'node:stream';
import { pair, readyPair } from './helpers.ts';

const limit = { timeout: 10_000 };

test('a sidecar gets its configuration and secrets and reports where it listens', async () => {
  const { launcher, sidecar } = pair();
  const answer = launcher.configure({ listen: 'unix:/run/x.sock' }, { EGRESS_TOKEN_0: 's3cret' });
  expect(await sidecar.configured).toEqual({
    config: { listen: 'unix:/run/x.sock' },
    secrets: { EGRESS_TOKEN_0: 's3cret' },
  });
  sidecar.ready({ listening: ['unix:/run/x.sock'], digest: 'd1' });
  expect(await answer).toEqual({ listening: ['unix:/run/x.sock'], digest: 'd1' });
});

test('a configuration that is refused is told with all problems', async () => {
  const { launcher, sidecar } = pair();
  const answer = launcher.configure({}, {});
  await sidecar.configured;
  sidecar.refuse(new ProtocolRefusal('not valid', ['a', 'b']));
  const error: unknown = await answer.catch((reason: unknown) => reason);
  expect(ProtocolRefusal.isInstance(error) && [error.message, error.problems]).toEqual([
    'not valid',
    ['a', 'b'],
  ]);
});

test('tables are applied in order and answered with their digests', async () => {
  const { launcher, sidecar } = await readyPair();
  const seen: unknown[] = [];
  sidecar.onTable(async (table) => {
    // The first takes longer, and must still be first.
    for (let turn = seen.length; turn < 3; turn += 1) await Promise.resolve();
    seen.push(table);
    return `digest-${seen.length}`;
  });
  expect(await Promise.all([launcher.setTable('one'), launcher.setTable('two')])).toEqual([
    'digest-1',
    'digest-2',
  ]);
  expect(seen).toEqual(['one', 'two']);
});

test('a refused table is told and later ones still work', async () => {
  const { launcher, sidecar } = await readyPair();
  sidecar.onTable((table) => {
    if (table === 'bad') throw new ProtocolRefusal('bad table', ['row 1']);
    return 'ok';
  });
  await expect(launcher.setTable('bad')).rejects.toMatchObject({ code: 'refused', problems: ['row 1'] });
  expect(await launcher.setTable('good')).toBe('ok');
});

test('replaced secrets arrive, and what a handler throws about them does not come back', async () => {
  const { launcher, sidecar } = await readyPair();
  const seen: unknown[] = [];
  sidecar.onSecrets((secrets) => {
    seen.push(secrets);
    throw new Error(`cannot use ${String(secrets['EGRESS_TOKEN_0'])}`);
  });
  const error: unknown = await launcher
    .setSecrets({ EGRESS_TOKEN_0: 'n3w' })
    .catch((reason: unknown) => reason);
  expect(seen).toEqual([{ EGRESS_TOKEN_0: 'n3w' }]);
  expect(ProtocolRefusal.isInstance(error) && error.message).toBe('internal error');
});

test('an event resolves only after it is written', async () => {
  const order: string[] = [];
  const { sidecar } = await readyPair({
    onAudit: async () => {
      await Promise.resolve();
      order.push('written');
    },
  });
  await sidecar.audit({ action: 'a' });
  order.push('acknowledged');
  expect(order).toEqual(['written', 'acknowledged']);
});

test('events of one turn are written together and acknowledged with one message', async () => {
  const batches: number[] = [];
  const { sidecar, toSidecar } = await readyPair({
    onAudit: async (events) => {
      batches.push(events.length);
    },
  });
  let acknowledgements = 0;
  toSidecar.on('data', (chunk: Buffer) => {
    acknowledgements += chunk.toString().split('audit-ack').length - 1;
  });
  await Promise.all(Array.from({ length: 500 }, (_, index) => sidecar.audit({ index })));
  expect(batches.reduce((sum, size) => sum + size, 0)).toBe(500);
  expect(batches.length).toBeLessThan(20);
  expect(acknowledgements).toBe(batches.length);
});

test('an event that cannot be written rejects, and the next one may work', async () => {
  let isFull = true;
  const { sidecar } = await readyPair({
    onAudit: async () => {
      if (isFull) throw new Error('ENOSPC /home/operator/secret-path');
    },
  });
  const error: unknown = await sidecar.audit({}).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'audit_failed' });
  expect(String(error)).not.toContain('secret-path');
  isFull = false;
  await sidecar.audit({});
});

test('a proposal gets its own answer, whatever the order', async () => {
  const answers = new Map<unknown, (value: unknown) => void>();
  const { sidecar } = await readyPair({
    onProposal: (proposal) => new Promise((resolve) => answers.set(proposal, resolve)),
  });
  const first = sidecar.propose('first');
  const second = sidecar.propose('second');
  await expect.poll(() => answers.size, limit).toBe(2);
  answers.get('second')?.({ status: 'approved' });
  answers.get('first')?.({ status: 'rejected' });
  expect(await Promise.all([first, second])).toEqual([{ status: 'rejected' }, { status: 'approved' }]);
});

test('waiting for an answer can be given up without harm to the channel', async () => {
  const { launcher, sidecar } = await readyPair({ onProposal: () => Promise.resolve('late') });
  const stop = new AbortController();
  const answer = sidecar.propose('x', { signal: stop.signal });
  stop.abort(new Error('given up'));
  await expect(answer).rejects.toThrow('given up');
  sidecar.onTable(() => 'still works');
  expect(await launcher.setTable({})).toBe('still works');
});

test('a proposal is refused where nobody takes proposals', async () => {
  const { sidecar } = await readyPair();
  await expect(sidecar.propose({})).rejects.toMatchObject({ code: 'refused' });
});

test('a launcher that goes away closes the channel and everything that waits', async () => {
  const { sidecar, toSidecar } = await readyPair({ onProposal: () => new Promise(() => undefined) });
  const proposal = sidecar.propose({});
  toSidecar.end();
  expect(await sidecar.closed).toBe(null);
  await expect(proposal).rejects.toMatchObject({ code: 'closed' });
  await expect(sidecar.audit({})).rejects.toMatchObject({ code: 'closed' });
});

test('a sidecar whose launcher never configured it learns that', async () => {
  const input = new PassThrough();
  const sidecar = new SidecarChannel({ input, output: new PassThrough() });
  input.end();
  await expect(sidecar.configured).rejects.toMatchObject({ code: 'closed' });
});

test('closing tells the sidecar and ends with its output', async () => {
  const { launcher, sidecar } = await readyPair();
  launcher.close();
  expect(await sidecar.closed).toBe(null);
  expect(await launcher.closed).toBe(null);
  await expect(launcher.setTable({})).rejects.toMatchObject({ code: 'closed' });
});

test('events that a sidecar sends while it drains are still written', async () => {
  const seen: unknown[] = [];
  const { launcher, fromSidecar } = await readyPair({
    onAudit: async (events) => {
      await Promise.resolve();
      seen.push(...events);
    },
  });
  launcher.close();
  fromSidecar.write('{"type":"audit","seq":1,"event":"last"}\n');
  fromSidecar.end();
  await launcher.closed;
  expect(seen).toEqual(['last']);
});

test('a launcher of another version is refused with the reason', async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const sidecar = new SidecarChannel({ input, output });
  input.write('{"type":"configure","v":2,"id":7,"config":{},"secrets":{},"new":1}\n');
  expect(await sidecar.closed).toMatchObject({ code: 'version_mismatch' });
  expect(JSON.parse(String(output.read()))).toMatchObject({ type: 'refused', id: 7 });
});

test('a decision is told when the sidecar has applied it, and a long one delays no table', async () => {
  const { launcher, sidecar } = await readyPair();
  const applied = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  sidecar.onTable(() => 'digest');
  sidecar.onDecision(async (decision) => {
    seen.push(decision);
    await applied.promise;
  });
  const decided = launcher.decide({ proposal: 'p1', outcome: 'approved' });
  expect(await launcher.setTable('table')).toBe('digest');
  expect(seen).toEqual([{ proposal: 'p1', outcome: 'approved' }]);
  applied.resolve();
  await decided;
});

test('a decision that cannot be applied is refused with the reason', async () => {
  const { launcher, sidecar } = await readyPair();
  await expect(launcher.decide({})).rejects.toMatchObject({ code: 'refused' });
  sidecar.onDecision(() => {
    throw new ProtocolRefusal('the branch moved');
  });
  await expect(launcher.decide({})).rejects.toMatchObject({ code: 'refused', message: 'the branch moved' });
});
