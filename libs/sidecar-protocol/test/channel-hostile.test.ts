import { PassThrough } from 'node:stream';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SidecarChannel, readLines } from '@bot-bottle/sidecar-protocol';
import { drained, hostile, next } from './helpers.ts';

const limit = { timeout: 10_000 };

const audit = (seq: number, event: unknown = {}) => ({ type: 'audit', seq, event });

test.each([
  ['a line that is not JSON', 'hello', 'invalid_message'],
  ['JSON of another shape', '[]', 'invalid_message'],
  ['an unknown type', '{"type":"exec","id":1}', 'invalid_message'],
  ['an unknown member', '{"type":"audit","seq":1,"event":{},"x":1}', 'invalid_message'],
  ['a message of the launcher', '{"type":"secrets","id":1,"secrets":{}}', 'invalid_message'],
  ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe]), 'invalid_message'],
  ['an answer to nothing', '{"type":"done","id":99,"digest":null}', 'unknown_request'],
  ['a refusal of nothing', '{"type":"refused","id":99,"message":"","problems":[]}', 'unknown_request'],
  ['a first event that is not number 1', '{"type":"audit","seq":2,"event":{}}', 'out_of_sequence'],
])('%s fails the channel', async (_, line, code) => {
  const { launcher, stdin, stdout } = hostile();
  stdout.write(line);
  stdout.write('\n');
  expect(await launcher.closed).toMatchObject({ code });
  expect(stdin.writableEnded).toBe(true);
  expect(stdout.destroyed).toBe(true);
});

test('a repeated or skipped event fails the channel, and what came before it is written', async () => {
  const seen: unknown[] = [];
  const { launcher, say } = hostile({
    onAudit: async (events) => {
      seen.push(...events);
    },
  });
  say(audit(1, 'one'));
  say(audit(1, 'again'));
  expect(await launcher.closed).toMatchObject({ code: 'out_of_sequence' });
  await expect.poll(() => seen, limit).toEqual(['one']);
});

test('a line without end is cut off at its limit', async () => {
  const { launcher, stdout } = hostile({ limits: { lineBytes: 10_000 } });
  let sent = 0;
  while (!stdout.destroyed && sent < 10_000_000) {
    stdout.write('x'.repeat(1000));
    sent += 1000;
    await new Promise(setImmediate);
  }
  expect(await launcher.closed).toMatchObject({ code: 'line_too_long' });
  expect(sent).toBeLessThan(200_000);
});

test('deeply nested JSON does not end the launcher', async () => {
  const { launcher, stdout } = hostile();
  stdout.write(`{"type":"audit","seq":1,"event":${'['.repeat(1_000_000)}`);
  stdout.write(`${']'.repeat(1_000_000)}}\n`);
  stdout.end();
  await launcher.closed;
});

test('a member named __proto__ pollutes nothing', async () => {
  const seen: unknown[] = [];
  const { launcher, stdout } = hostile({
    onAudit: async (events) => {
      seen.push(...events);
    },
  });
  stdout.write('{"type":"audit","seq":1,"event":{"__proto__":{"polluted":true}},"__proto__":{"x":1}}\n');
  stdout.end();
  await launcher.closed;
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test('a sidecar that sends faster than the disk writes is slowed down', async () => {
  let release = (): void => undefined;
  let received = 0;
  const { launcher, stdout } = hostile({
    limits: { waitingEvents: 100 },
    onAudit: (events) => {
      received += events.length;
      return new Promise((resolve) => (release = () => resolve(undefined)));
    },
  });
  let sent = 0;
  while (sent < 20_000 && !stdout.writableNeedDrain) {
    for (let index = 0; index < 10; index += 1) stdout.write(`${JSON.stringify(audit((sent += 1)))}\n`);
    await new Promise(setImmediate);
  }
  expect(sent).toBeLessThan(20_000);
  const total = sent;
  while (received < total) {
    release();
    await new Promise(setImmediate);
  }
  await drained(stdout);
  stdout.end();
  release();
  expect(await launcher.closed).toBe(null);
});

test('a sidecar that does not read makes no queue of acknowledgements', async () => {
  const { launcher, stdin, stdout, say } = hostile();
  launcher.setTable('x'.repeat(100_000)).catch(() => undefined);
  expect(stdin.writableNeedDrain).toBe(true);
  const before = stdin.writableLength + stdin.readableLength;
  for (let seq = 1; seq <= 5000; seq += 1) {
    say(audit(seq));
    if (seq % 50 === 0) await new Promise(setImmediate);
  }
  await expect.poll(() => stdout.readableLength, limit).toBe(0);
  expect(stdin.writableLength + stdin.readableLength).toBe(before);
  stdin.resume();
  let tail = '';
  stdin.on('data', (chunk: Buffer) => (tail = String(chunk)));
  await expect.poll(() => tail, limit).toContain('"audit-ack","seq":5000');
  stdout.end();
});

test('too many open proposals fail the channel', async () => {
  const { launcher, say } = hostile({
    limits: { openProposals: 3 },
    onProposal: () => new Promise(() => undefined),
  });
  for (let id = 0; id < 4; id += 1) say({ type: 'proposal', id, proposal: {} });
  expect(await launcher.closed).toMatchObject({ code: 'rate_exceeded' });
});

test('too many answered proposals a minute fail the channel', async () => {
  const { launcher, say } = hostile({ limits: { proposalsPerMinute: 5 }, onProposal: async () => 'no' });
  for (let id = 0; id < 6; id += 1) {
    say({ type: 'proposal', id, proposal: {} });
    await new Promise(setImmediate);
  }
  expect(await launcher.closed).toMatchObject({ code: 'rate_exceeded' });
});

test('open proposals are told when the channel ends', async () => {
  let signal: AbortSignal | null = null;
  const { launcher, stdout, say } = hostile({
    onProposal: (_, given) => {
      signal = given;
      return new Promise(() => undefined);
    },
  });
  say({ type: 'proposal', id: 1, proposal: {} });
  stdout.end();
  await launcher.closed;
  expect(signal).toMatchObject({ aborted: true });
});

test('a sidecar cannot answer a table with ready', async () => {
  const { launcher, say, heard } = hostile();
  const answer = launcher.setTable({});
  const { id } = await next(heard);
  say({ type: 'ready', v: 1, id, listening: [], digest: null });
  await expect(answer).rejects.toMatchObject({ code: 'invalid_message' });
  expect(await launcher.closed).toMatchObject({ code: 'invalid_message' });
});

test('a request without an answer times out, and the late answer does no harm', async () => {
  const { launcher, say, heard } = hostile();
  const answer = launcher.setTable({}, { timeoutMs: 5 });
  const { id } = await next(heard);
  await expect(answer).rejects.toMatchObject({ code: 'timed_out' });
  say({ type: 'done', id, digest: null });
  const second = launcher.setTable({});
  say({ type: 'done', id: (await next(heard))['id'], digest: 'works' });
  expect(await second).toBe('works');
});

test('a refusal that is very long is cut', async () => {
  const { launcher, say, heard } = hostile();
  const answer = launcher.configure({}, {});
  const { id } = await next(heard);
  say({
    type: 'refused',
    id,
    message: 'x'.repeat(100_000),
    problems: Array.from({ length: 5000 }, () => 'y'.repeat(9000)),
  });
  const error: unknown = await answer.catch((reason: unknown) => reason);
  expect(inspect(error, { maxArrayLength: null, maxStringLength: null }).length).toBeLessThan(300_000);
});

test.each([-1, 0.5, '1', null])(
  'a launcher of another version that calls its message %j is told nothing',
  async (id) => {
    const input = new PassThrough();
    const output = new PassThrough();
    const sidecar = new SidecarChannel({ input, output });
    input.write(`${JSON.stringify({ type: 'configure', v: 2, id, config: {}, secrets: {} })}\n`);
    expect(await sidecar.closed).toMatchObject({ code: 'version_mismatch' });
    expect(output.read()).toBe(null);
  },
);

test('secrets are in no error, whatever goes wrong', async () => {
  const secret = 'sk-very-secret';
  const errors: unknown[] = [];
  const keep = (reason: unknown): void => void errors.push(reason);
  const { launcher, stdout } = hostile();
  await launcher.setSecrets({ EGRESS_TOKEN_0: secret }, { timeoutMs: 1 }).catch(keep);
  const circular: Record<string, unknown> = { secret };
  circular['self'] = circular;
  await launcher.configure(circular, { EGRESS_TOKEN_0: secret }).catch(keep);
  await launcher.configure({}, { EGRESS_TOKEN_0: secret.repeat(1_000_000) }).catch(keep);
  stdout.write(`{"type":"${secret}"}\n`);
  keep(await launcher.closed);
  const input = new PassThrough();
  const sidecar = new SidecarChannel({ input, output: new PassThrough() });
  input.write(`{"type":"configure","v":1,"id":1,"config":{},"secrets":{"${secret}":"${secret}","A":5}}\n`);
  keep(await sidecar.closed);
  await sidecar.configured.catch(keep);
  expect(errors).toHaveLength(6);
  for (const error of errors) {
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
  }
});

test('lines are the same however the bytes are cut into chunks', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((line) => line.replaceAll('\n', ''));
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 7 })),
      async (wanted, cuts) => {
        const bytes = Buffer.from(wanted.map((line) => `${line}\n`).join(''));
        const stream = new PassThrough();
        let at = 0;
        for (const cut of cuts) {
          stream.write(bytes.subarray(at, at + cut));
          at += cut;
        }
        stream.end(bytes.subarray(at));
        const seen: string[] = [];
        for await (const batch of readLines(stream, 1000)) seen.push(...batch);
        expect(seen).toEqual(wanted.filter((line) => line !== ''));
      },
    ),
  );
});

test('an unfinished last line is dropped', async () => {
  const stream = new PassThrough();
  stream.end('one\ntw');
  const seen: string[] = [];
  for await (const batch of readLines(stream, 1000)) seen.push(...batch);
  expect(seen).toEqual(['one']);
});

test('any garbage ends the channel and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), { maxLength: 5 }),
      async (garbage) => {
        const { launcher, stdout } = hostile();
        for (const line of garbage) stdout.write(`${line}\n`);
        stdout.end();
        await launcher.closed;
      },
    ),
  );
});
