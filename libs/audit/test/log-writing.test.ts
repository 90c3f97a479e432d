import { createHash } from 'node:crypto';
import { stat, symlink, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  AuditError,
  AuditLog,
  appendExclusive,
  auditLineSchema,
  readAudit,
  verifyAudit,
} from '@bot-bottle/audit';
import { bottle, denial, event, fileLines, layerPath, temporaryFolder } from './helpers.ts';

test('a resolved append is on disk before the log is closed', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  await log.append([event('GET https://a/')]);
  expect(await fileLines(layerPath(dir))).toHaveLength(1);
  await log.close();
});

test('anyone can check a line with SHA-256 over the line without its hash', async () => {
  const dir = await temporaryFolder();
  await appendExclusive({
    dir,
    bottle,
    events: [event('GET https://a/\u202e', { details: { b: 1, a: 'é' } })],
  });
  const [first = ''] = await fileLines(layerPath(dir));
  const line = auditLineSchema.parse(JSON.parse(first));
  const covered = first.replace(/,"hash":"[0-9a-f]{64}"\}$/, '}');
  expect(createHash('sha256').update(covered).digest('hex')).toBe(line.hash);
  expect(first).toMatch(/^[\x20-\x7e]+$/);
});

test('files and folders are readable by the operator alone', async () => {
  const dir = join(await temporaryFolder(), 'audit');
  await appendExclusive({ dir, bottle, events: [event('a')] });
  const modes = await Promise.all(
    [dir, join(dir, bottle), layerPath(dir), join(dir, 'heads.jsonl')].map(
      async (path) => (await stat(path)).mode & 0o777,
    ),
  );
  expect(modes).toEqual([0o700, 0o700, 0o600, 0o600]);
});

test('each layer has its own chain', async () => {
  const dir = await temporaryFolder();
  await appendExclusive({ dir, bottle, events: [event('a'), event('b', { layer: 'host' }), event('c')] });
  const seqs = async (name: string) =>
    (await fileLines(layerPath(dir, name))).map((line) => auditLineSchema.parse(JSON.parse(line)).seq);
  expect(await seqs('egress.jsonl')).toEqual([1, 2, 3]);
  expect(await seqs('host.jsonl')).toEqual([1, 2]);
});

test('a reopened log continues its chain', async () => {
  const dir = await temporaryFolder();
  await appendExclusive({ dir, bottle, events: [event('a')] });
  await appendExclusive({ dir, bottle, events: [event('b')] });
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true, lines: 4, notes: [] });
});

test('every 64 events and at the end a head is written', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  for (let index = 0; index < 130; index += 1) await log.append([event(`${index}`)]);
  await log.close();
  const seqs = (await fileLines(join(dir, 'heads.jsonl'))).map((line) =>
    Number(/"seq":(\d+)/.exec(line)?.[1]),
  );
  expect(seqs).toEqual([64, 128, 131]);
});

test('any events can be written, read again and verified', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          target: fc.string({ unit: 'binary', maxLength: 300 }),
          rule: fc.option(fc.string({ unit: 'grapheme', maxLength: 50 })),
          details: fc.dictionary(
            fc.string({ maxLength: 10 }).filter((key) => key !== '__proto__'),
            fc.oneof(
              fc.string({ unit: 'binary' }),
              fc.double({ noNaN: true, noDefaultInfinity: true }),
              fc.boolean(),
              fc.constant(null),
            ),
            { maxKeys: 5 },
          ),
        }),
        { minLength: 1, maxLength: 10 },
      ),
      async (changes) => {
        const dir = await temporaryFolder();
        const events = changes.map((change) => event('', change));
        await appendExclusive({ dir, bottle, events });
        expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true, lines: events.length + 1 });
        const targets: string[] = [];
        for await (const line of readAudit(dir, bottle)) targets.push(line.target);
        expect(targets.slice(0, -1)).toEqual(events.map(({ target }) => target));
      },
    ),
    { numRuns: 40 },
  );
});

test('texts that are too long are cut and do not stop other events', async () => {
  const dir = await temporaryFolder();
  const details = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`k${index}`, '\u202e'.repeat(9000)]),
  );
  await appendExclusive({ dir, bottle, events: [event('x'.repeat(100_000), { details }), event('next')] });
  const lines = await fileLines(layerPath(dir));
  expect(lines).toHaveLength(3);
  expect(lines[0]?.length).toBeLessThan(64 * 1024);
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true });
});

test('names that mean something to JavaScript are details like any other or left out, never a fault', async () => {
  const dir = await temporaryFolder();
  const details: unknown = JSON.parse('{"__proto__":"x","constructor":"y","toString":1,"10":2,"9":3}');
  await appendExclusive({ dir, bottle, events: [{ ...event('a'), details }] });
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true, lines: 2 });
});

test('an event that is none is refused and nothing of its batch is written', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  await expect(log.append([event('a'), { layer: 'egress', secret: 'x' }])).rejects.toMatchObject({
    code: 'invalid_event',
  });
  await log.close();
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ lines: 0 });
});

test.each(['log-closed', 'log-recovered'])('a sidecar cannot write the record %s', async (action) => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  await expect(log.append([event('a', { action })])).rejects.toMatchObject({ code: 'invalid_event' });
  await log.close();
});

test('a sidecar cannot write the events of another layer', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  await expect(log.append([event('a', { layer: 'host' })], { only: 'egress' })).rejects.toMatchObject({
    code: 'invalid_event',
  });
  await log.close();
});

test.each(['', '..', '../x', 'a/b', '.hidden', 'heads.jsonl', 'a\0b'])(
  'the bottle name %j is refused',
  async (name) => {
    const dir = await temporaryFolder();
    await expect(AuditLog.open({ dir, bottle: name })).rejects.toMatchObject({ code: 'invalid_argument' });
  },
);

test('a symbolic link in place of a log is not followed', async () => {
  const dir = await temporaryFolder();
  await mkdir(join(dir, bottle));
  await symlink(join(dir, 'elsewhere'), layerPath(dir));
  await expect(AuditLog.open({ dir, bottle })).rejects.toMatchObject({ code: 'audit_unavailable' });
});

test('a closed log refuses events', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  await log.close();
  const error = await log.append([event('a')]).catch((reason: unknown) => reason);
  expect(AuditError.isInstance(error) && error.code).toBe('closed');
});

test('rotation keeps one chain over several files', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle, maxFileBytes: 2000 });
  for (let index = 0; index < 40; index += 1) await log.append([event(`${index}`)]);
  await log.close();
  expect((await fileLines(layerPath(dir, 'egress.2.jsonl'))).length).toBeGreaterThan(0);
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true, lines: 41 });
  await appendExclusive({ dir, bottle, events: [event('later')], maxFileBytes: 2000 });
  expect(await verifyAudit({ dir, bottle })).toMatchObject({ ok: true, lines: 43 });
});

test('writing one event after the other is fast enough for the request path', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  const started = performance.now();
  for (let index = 0; index < 10; index += 1) {
    await Promise.all(Array.from({ length: 1000 }, (_, each) => log.append([event(`${index} ${each}`)])));
  }
  const perSecond = 10_000 / ((performance.now() - started) / 1000);
  await log.close();
  // The budget is 50,000; a shared machine gets slack.
  expect(perSecond).toBeGreaterThan(10_000);
});

test('the first of repeated denials is written at once and the repeats as one line', async () => {
  const dir = await temporaryFolder();
  let now = Date.parse('2030-01-01T00:00:00Z');
  const log = await AuditLog.open({ dir, bottle, now: () => now, repeatWindowMs: 10_000 });
  await log.append([denial('GET https://x/', { details: { port: 1 } })]);
  expect(await fileLines(layerPath(dir))).toHaveLength(1);
  for (let index = 0; index < 50; index += 1) await log.append([denial('GET https://x/')]);
  expect(await fileLines(layerPath(dir))).toHaveLength(1);
  now += 10_000;
  await log.append([denial('GET https://x/')]);
  const lines = (await fileLines(layerPath(dir))).map((line) => auditLineSchema.parse(JSON.parse(line)));
  expect(lines.map((line) => line.details['count'] ?? null)).toEqual([null, 50, null]);
  await log.close();
});

test('counts that are open are written when the log is closed', async () => {
  const dir = await temporaryFolder();
  const log = await AuditLog.open({ dir, bottle });
  await log.append([denial('x'), denial('x'), denial('x'), denial('y')]);
  await log.close();
  const lines = (await fileLines(layerPath(dir))).map((line) => auditLineSchema.parse(JSON.parse(line)));
  expect(lines.map((line) => [line.target, line.details['count'] ?? null])).toEqual([
    ['x', null],
    ['y', null],
    ['x', 2],
    [bottle, null],
  ]);
});

test('denials that differ in anything that matters and allowed requests are not merged', async () => {
  const dir = await temporaryFolder();
  await using log = await AuditLog.open({ dir, bottle }).then((opened) => ({
    append: opened.append.bind(opened),
    [Symbol.asyncDispose]: () => opened.close(),
  }));
  await log.append([
    denial('x'),
    denial('x', { code: 'path_not_allowed' }),
    denial('x', { rule: 'r' }),
    denial('x', { layer: 'host' }),
    event('x'),
    event('x'),
  ]);
  expect(await fileLines(layerPath(dir))).toHaveLength(5);
});
