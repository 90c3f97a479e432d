import { expect, test } from 'vitest';
import { AuditLog, appendExclusive, followAudit, readAudit } from '@bot-bottle/audit';
import { bottle, event, temporaryFolder } from './helpers.ts';

async function take(lines: AsyncIterable<{ target: string }>, count: number): Promise<string[]> {
  const targets: string[] = [];
  for await (const line of lines) {
    targets.push(line.target);
    if (targets.length === count) break;
  }
  return targets;
}

test('reading merges the layers by time', async () => {
  const dir = await temporaryFolder();
  let now = 0;
  const log = await AuditLog.open({ dir, bottle, now: () => (now += 1000) });
  await log.append([event('a')]);
  await log.append([event('b', { layer: 'host' })]);
  await log.append([event('c')]);
  expect(await take(readAudit(dir, bottle), 9)).toEqual(['a', 'b', 'c']);
  expect(await take(readAudit(dir, bottle, { layers: ['host'] }), 9)).toEqual(['b']);
  await log.close();
});

test('reading a bottle without a log gives nothing', async () => {
  expect(await take(readAudit(await temporaryFolder(), bottle), 1)).toEqual([]);
});

test('following gives what is there and then each new line, over rotations', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle, maxFileBytes: 1000 });
  await log.append([event('0')]);
  const seen: string[] = [];
  for await (const line of followAudit(dir, bottle, { pollMs: 20 })) {
    seen.push(line.target);
    if (seen.length === 30) break;
    await log.append([event(`${seen.length}`)]);
  }
  expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => `${index}`));
  await log.close();
});

test('following waits for a bottle that does not exist yet', async () => {
  const dir = await temporaryFolder();
  const lines = take(followAudit(dir, bottle, { pollMs: 10 }), 1);
  await appendExclusive({ dir, bottle, events: [event('first')] });
  expect(await lines).toEqual(['first']);
});

test('following can leave out what is there', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  await log.append([event('old')]);
  const seen = take(followAudit(dir, bottle, { pollMs: 10, fromStart: false }), 1);
  let isOver = false;
  void seen.then(() => (isOver = true));
  // Its first look is over at some time; from then on it sees whatever is written.
  while (!isOver) await log.append([event('new')]);
  expect(await seen).toEqual(['new']);
  await log.close();
});

test('following ends with its signal', async () => {
  const dir = await temporaryFolder();
  const stop = new AbortController();
  const lines = take(followAudit(dir, bottle, { signal: stop.signal, pollMs: 60_000 }), 1);
  stop.abort();
  expect(await lines).toEqual([]);
});
