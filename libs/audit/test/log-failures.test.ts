import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readdir, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { AuditLog, appendExclusive, readAudit, verifyAudit } from '@bot-bottle/audit';
import { acquireLock } from '../src/exclusive-lock.ts';
import { ownIdentity } from '../src/process-identity.ts';
import { bottle, denial, event, fileLines, layerPath, temporaryFolder } from './helpers.ts';

const writer = fileURLToPath(new URL('fixtures-writer.ts', import.meta.url));

function startWriter(
  dir: string,
  name: string,
  mode: string,
  count: number,
  limitBlocks?: number,
): ChildProcess {
  const node = ['--conditions=@bot-bottle/source', writer, dir, name, mode, String(count)];
  // RLIMIT_FSIZE makes real writes fail midway, like a full disk, with EFBIG.
  const child =
    limitBlocks === undefined
      ? spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] })
      : spawn(
          '/bin/sh',
          ['-c', 'ulimit -f "$1"; shift; exec "$@"', 'sh', String(limitBlocks), process.execPath, ...node],
          {
            stdio: ['ignore', 'pipe', 'inherit'],
          },
        );
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.trim();
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

test('a full disk rejects the event and leaves no half line', async () => {
  const dir = await temporaryFolder();
  const child = startWriter(dir, bottle, 'close', 200, 64);
  const [word, written, code] = (await firstLine(child)).split(' ');
  expect([word, code]).toEqual(['failed', 'audit_unavailable']);
  if (child.exitCode === null) await once(child, 'exit');
  const lines = await fileLines(layerPath(dir));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length - Number(written)).toBeLessThanOrEqual(1);
  const { problems } = await verifyAudit({ dir, bottle });
  expect(problems.every(({ kind }) => kind === 'missing-final')).toBe(true);
});

test('a log whose disk was full goes on when there is room again', async () => {
  const dir = await temporaryFolder();
  const child = startWriter(dir, bottle, 'close', 200, 64);
  if (child.exitCode === null) await once(child, 'exit');
  await appendExclusive({ dir, bottle, events: [event('later')] });
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true });
});

test('while the heads cannot be written no more events are accepted, and afterwards they are', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  // A symbolic link is refused, which is a failure that can be undone.
  await writeFile(join(dir, 'elsewhere'), '');
  await symlink(join(dir, 'elsewhere'), join(dir, 'heads.jsonl'));
  await log.append(Array.from({ length: 64 }, (_, index) => event(`${index}`)));
  await expect(
    (async () => {
      for (let index = 0; index < 1000; index += 1) await log.append([event('next')]);
    })(),
  ).rejects.toMatchObject({ code: 'audit_unavailable' });
  await rm(join(dir, 'heads.jsonl'));
  await log.append([event('room again')]);
  await log.close();
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true });
});

test('the count of repeated denials outlives a time in which nothing can be written', async () => {
  const dir = await temporaryFolder();
  let now = Date.now();
  const log = await AuditLog.open({ dir, bottle, repeatWindowMs: 1_000, now: () => now });
  await log.append([denial('again')]);
  await log.append([denial('again'), denial('again'), denial('again')]);
  await writeFile(join(dir, 'elsewhere'), '');
  await symlink(join(dir, 'elsewhere'), join(dir, 'heads.jsonl'));
  await log.append(Array.from({ length: 64 }, (_, index) => event(`${index}`)));
  now += 2_000;
  await expect(
    (async () => {
      for (let index = 0; index < 1000; index += 1) await log.append([event('next')]);
    })(),
  ).rejects.toMatchObject({ code: 'audit_unavailable' });
  await expect(log.append([denial('another')])).rejects.toMatchObject({ code: 'audit_unavailable' });
  await rm(join(dir, 'heads.jsonl'));
  await log.append([event('room again')]);
  await log.close();
  const counts: unknown[] = [];
  for await (const { details } of readAudit(dir, bottle))
    if ('count' in details) counts.push(details['count']);
  expect(counts).toEqual([3]);
});

test('a second writer is refused while the first lives', async () => {
  const dir = await temporaryFolder();
  const child = startWriter(dir, bottle, 'hold', 3);
  await firstLine(child);
  await expect(AuditLog.open({ dir, bottle })).rejects.toMatchObject({ code: 'locked' });
  await expect(
    appendExclusive({ dir, bottle, events: [event('a')], lockTimeoutMs: 20 }),
  ).rejects.toMatchObject({ code: 'locked' });
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true, live: true });
});

test('two logs of one process exclude each other too', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  await expect(AuditLog.open({ dir, bottle })).rejects.toMatchObject({ code: 'locked' });
  await log.close();
  await (await AuditLog.open({ dir, bottle })).close();
});

test('waiting for the lock ends with the signal', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  const signal = AbortSignal.timeout(20);
  await expect(AuditLog.open({ dir, bottle, lockTimeoutMs: 60_000, signal })).rejects.toThrow();
  await log.close();
});

test('a killed writer shows as a missing final record, and the log is continued', async () => {
  const dir = await temporaryFolder();
  const child = startWriter(dir, bottle, 'hold', 3);
  await firstLine(child);
  await kill(child);
  expect(await verifyAudit({ dir, bottle })).toMatchObject({
    live: false,
    problems: [{ kind: 'missing-final' }],
  });
  await appendExclusive({ dir, bottle, events: [event('resumed')] });
  const after = await verifyAudit({ dir, bottle });
  expect(after).toMatchObject({ ok: true, notes: [{ kind: 'recovered', line: 4 }] });
});

test('a torn last line is set aside, recorded and not lost', async () => {
  const dir = await temporaryFolder();
  await appendExclusive({ dir, bottle, events: [event('a')] });
  await appendFile(layerPath(dir), '{"seq":3,"time":"20');
  expect((await verifyAudit({ dir, bottle })).problems.map(({ kind }) => kind)).toEqual(['torn-last-line']);
  await appendExclusive({ dir, bottle, events: [event('b')] });
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true, notes: [{ kind: 'recovered' }] });
  const aside = (await readdir(join(dir, bottle))).find((name) => name.includes('.torn-')) ?? '';
  expect((await stat(layerPath(dir, aside))).size).toBe(19);
  const records: unknown[] = [];
  for await (const line of readAudit(dir, bottle))
    if (line.action === 'log-recovered') records.push(line.details['set_aside']);
  expect(records).toEqual([aside]);
});

test('a log whose last line was changed is not continued', async () => {
  const dir = await temporaryFolder();
  await appendExclusive({ dir, bottle, events: [event('a')] });
  const lines = await fileLines(layerPath(dir));
  await writeFile(layerPath(dir), `${lines[0] ?? ''}\n${(lines[1] ?? '').replace('done', 'held')}\n`);
  await expect(AuditLog.open({ dir, bottle })).rejects.toMatchObject({ code: 'corrupt' });
  // The refusal must not leave the lock behind.
  await rm(layerPath(dir));
  await (await AuditLog.open({ dir, bottle })).close();
});

test('a crash in the middle of a rotation loses nothing', async () => {
  const dir = await temporaryFolder();
  await appendExclusive({ dir, bottle, events: [event('a')] });
  await rename(layerPath(dir), layerPath(dir, 'egress.1.jsonl'));
  await appendExclusive({ dir, bottle, events: [event('b')] });
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true, lines: 4 });
});

test('a torn end of the heads is set aside by the next writer', async () => {
  const dir = await temporaryFolder();
  await appendExclusive({ dir, bottle, events: [event('a')] });
  await appendFile(join(dir, 'heads.jsonl'), '{"n":2,');
  await appendExclusive({ dir, bottle, events: [event('b')] });
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true });
});

test('several owner processes share the heads', async () => {
  const dir = await temporaryFolder();
  const names = ['one-00000', 'two-00000', 'six-00000'];
  const children = names.map((name) => startWriter(dir, name, 'close', 300));
  await Promise.all(children.map((child) => once(child, 'exit')));
  for (const name of names) {
    expect(await verifyAudit({ dir, bottle: name })).toMatchObject({ ok: true, lines: 301 });
  }
  const heads = await fileLines(join(dir, 'heads.jsonl'));
  expect(heads.map((line) => Number(/"n":(\d+)/.exec(line)?.[1]))).toEqual(
    heads.map((_, index) => index + 1),
  );
});

test('many short writers of one bottle take turns', async () => {
  const dir = await temporaryFolder();
  await Promise.all(
    Array.from({ length: 12 }, (_, index) => appendExclusive({ dir, bottle, events: [event(`${index}`)] })),
  );
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true, lines: 24 });
});

test.each([
  ['of a process that is gone', { pid: 2 ** 22 + 1 }],
  ['of an earlier process with a living number', { start: '1' }],
  ['of an earlier boot', { boot: 'other' }],
])('a lock %s is removed', async (_, change) => {
  const dir = await temporaryFolder();
  const path = join(dir, 'lock');
  await writeFile(path, JSON.stringify({ ...ownIdentity(), token: '0'.repeat(32), ...change }));
  await (await acquireLock(path, { timeoutMs: 0 })).release();
  expect(await readdir(dir)).toEqual([]);
});

test('an abandoned lock is taken by one of many at a time', async () => {
  const dir = await temporaryFolder();
  const path = join(dir, 'lock');
  await writeFile(path, JSON.stringify({ ...ownIdentity(), token: '0'.repeat(32), start: '1' }));
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 30 }, async () => {
      const lock = await acquireLock(path, { timeoutMs: 15_000 });
      inside += 1;
      most = Math.max(most, inside);
      await stat(dir);
      inside -= 1;
      await lock.release();
    }),
  );
  expect(most).toBe(1);
});

test('a file cut while it is open is noticed by verification', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  await log.append([event('a'), event('b')]);
  await truncate(layerPath(dir), 10);
  await log.append([event('c')]);
  await log.close();
  expect((await verifyAudit({ dir, bottle })).ok).toBe(false);
});
