import { type Duplex, duplexPair } from 'node:stream';
import { BackendError } from '@bot-bottle/backend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InitChannel } from '../src/channel/init-channel.ts';
import {
  encodeFrame,
  encodeNumber,
  type Frame,
  FrameReader,
  fromInit,
  MAX_TO_INIT_BYTES,
  toInit,
} from '../src/init/frames.ts';

interface Pair {
  readonly channel: InitChannel;
  readonly init: Duplex;
  readonly reasons: string[];
  /** what the owner sent */
  readonly frames: Frame[];
}

function pair(): Pair {
  const [owner, init] = duplexPair();
  const reasons: string[] = [];
  const frames: Frame[] = [];
  const reader = new FrameReader(MAX_TO_INIT_BYTES);
  init.on('data', (chunk: Buffer) => frames.push(...reader.push(chunk)));
  return { channel: new InitChannel(owner, (reason) => reasons.push(reason)), init, reasons, frames };
}

const request = { argv: ['x'], env: {}, cwd: '/', tty: null };
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function started(): Promise<Pair & { process: Awaited<ReturnType<InitChannel['start']>> }> {
  const parts = pair();
  const starting = parts.channel.start(request);
  parts.init.write(encodeFrame(fromInit.started, 1));
  return { ...parts, process: await starting };
}

describe('an init that was taken over', () => {
  test.each([
    ['a frame that is too large', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    ['a frame without a head', Buffer.from([0, 0, 0, 0])],
    ['an unknown type', encodeFrame(200, 0)],
    ['the start of a process nobody asked for', encodeFrame(fromInit.started, 5)],
    ['output of an unknown process', encodeFrame(fromInit.stdout, 5, Buffer.from('x'))],
    ['the end of an unknown process', encodeFrame(fromInit.exit, 5, json({ code: 0, signal: null }))],
    ['an answer to no check', encodeFrame(fromInit.checked, 3, json([]))],
    ['an acknowledgement for an unknown process', encodeFrame(fromInit.ackStdin, 9, encodeNumber(1))],
  ])('%s ends the channel', async (_name, bytes) => {
    const { init, reasons, channel } = pair();
    init.write(bytes);
    await settled();
    expect(reasons).toHaveLength(1);
    await expect(channel.start(request)).rejects.toBeInstanceOf(BackendError);
  });

  test.each([
    ['an exit code out of range', encodeFrame(fromInit.exit, 1, json({ code: 4000, signal: null }))],
    [
      'a signal that does not exist',
      encodeFrame(fromInit.exit, 1, json({ code: null, signal: 'constructor' })),
    ],
    ['an exit that is no JSON', encodeFrame(fromInit.exit, 1, Buffer.from('{'))],
    [
      'an exit with more in it',
      encodeFrame(fromInit.exit, 1, json({ code: 0, signal: null, __proto__x: 1 })),
    ],
    ['an acknowledgement of what was not sent', encodeFrame(fromInit.ackStdin, 1, encodeNumber(1))],
    ['an acknowledgement without a number', encodeFrame(fromInit.ackStdin, 1)],
    ['a second start', encodeFrame(fromInit.started, 1)],
  ])('%s ends the process and the channel', async (_name, bytes) => {
    const { init, reasons, process } = await started();
    init.write(bytes);
    expect(await process.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(reasons).toHaveLength(1);
  });

  test('data after the end of a stream ends the channel', async () => {
    const { init, reasons, process } = await started();
    process.stdout.resume();
    init.write(encodeFrame(fromInit.stdoutEnd, 1));
    init.write(encodeFrame(fromInit.stdout, 1, Buffer.from('late')));
    await process.exited;
    expect(reasons).toEqual(['data after the end of a stream']);
  });

  test('more output than anybody reads is not kept', async () => {
    const { init, reasons, process } = await started();
    for (let sent = 0; sent < 20; sent += 1)
      init.write(encodeFrame(fromInit.stdout, 1, Buffer.alloc(60_000)));
    await process.exited;
    expect(reasons).toEqual(['more data than the window allows']);
  });

  test('any bytes at all do no worse than end the channel', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const { init, reasons, channel } = pair();
        channel.ready.catch(() => {});
        init.write(Buffer.from(bytes));
        await settled();
        expect(reasons.length).toBeLessThanOrEqual(1);
        init.destroy();
      }),
      { numRuns: 200 },
    );
  });
});

test('input is sent only as far as it was acknowledged', async () => {
  const { init, frames, process } = await started();
  process.stdin.write(Buffer.alloc(2_000_000));
  await settled();
  const sent = () =>
    frames.filter(({ type }) => type === toInit.stdin).reduce((sum, { payload }) => sum + payload.length, 0);
  expect(sent()).toBe(512 * 1024);
  init.write(encodeFrame(fromInit.ackStdin, 1, encodeNumber(100_000)));
  await settled();
  await settled();
  expect(sent()).toBe(512 * 1024 + 100_000);
});

test('frames survive any cut of the stream', () => {
  const frame = fc.record({
    type: fc.integer({ min: 0, max: 255 }),
    process: fc.integer({ min: 0, max: 0xffffffff }),
    payload: fc.uint8Array({ maxLength: 100 }),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 10 }), fc.integer({ min: 1, max: 50 }), (frames, step) => {
      const bytes = Buffer.concat(
        frames.map(({ type, process, payload }) => encodeFrame(type, process, payload)),
      );
      const reader = new FrameReader(100);
      const read: Frame[] = [];
      for (let at = 0; at < bytes.length; at += step)
        read.push(...reader.push(bytes.subarray(at, at + step)));
      expect(read.map(({ type, process, payload }) => ({ type, process, payload: [...payload] }))).toEqual(
        frames.map(({ type, process, payload }) => ({ type, process, payload: [...payload] })),
      );
    }),
  );
});
