import type { Writable } from 'node:stream';
import { encodeFrame } from '@bot-bottle/egress';
import type { OutgoingFrame } from '@bot-bottle/egress';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as wsPackage from 'ws';
import { HOST, route, startProxy } from './harness.ts';
import type { Proxy } from './harness.ts';
import { frame, openRawAgent, startRawServer, Transcript } from './websocket-kit.ts';
import type { RawAgent, RawServer } from './websocket-kit.ts';

const mask = Buffer.from([0x12, 0x00, 0xff, 0x80]);

/** The parser of the `ws` package, which its types do not tell of. */
interface Peer {
  readonly Receiver: new (options: { isServer: boolean }) => Writable;
}

/** What `ws` makes of the same bytes, as a `Transcript` writes it. */
function readByPeer(from: 'client' | 'server', wire: Buffer): { lines: string[]; isRefused: boolean } {
  const { Receiver } = wsPackage as unknown as Peer;
  const receiver = new Receiver({ isServer: from === 'client' });
  const lines: string[] = [];
  let isRefused = false;
  const text = (data: Buffer) => data.toString('latin1');
  receiver.on('error', () => (isRefused = true));
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    lines.push(`${isBinary ? 'binary' : 'text'} ${text(data)}`),
  );
  for (const kind of ['ping', 'pong'])
    receiver.on(kind, (data: Buffer) => lines.push(`${kind} ${text(data)}`.trimEnd()));
  receiver.on('conclude', (code: number, reason: Buffer) =>
    lines.push(`close ${code === 1005 ? null : code} ${reason.toString('utf8')}`.trimEnd()),
  );
  receiver.write(Buffer.from(wire));
  return { lines, isRefused };
}

const payload = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const text = (maxLength: number) =>
  fc.string({ unit: 'binary', maxLength }).map((value) => Buffer.from(value));
const control = fc
  .record({ opcode: fc.constantFrom('ping' as const, 'pong' as const), content: payload(125) })
  .map(({ opcode, content }) => frame(opcode, content));
/** the frames of one message, with control frames between them */
const message = fc
  .record({
    opcode: fc.constantFrom('text' as const, 'binary' as const),
    texts: fc.array(text(300), { minLength: 1, maxLength: 3 }),
    bytes: fc.array(payload(70_000), { minLength: 1, maxLength: 3 }),
    between: fc.array(control, { maxLength: 2 }),
  })
  .map(({ opcode, texts, bytes, between }): OutgoingFrame[] => {
    const pieces = opcode === 'text' ? texts : bytes;
    return pieces.flatMap((piece, i) => [
      frame(i === 0 ? opcode : 'continuation', piece, i === pieces.length - 1),
      ...(i === 0 && pieces.length > 1 ? between : []),
    ]);
  });
const side = fc.constantFrom<'client' | 'server'>('client', 'server');

function wireOf(from: 'client' | 'server', frames: readonly OutgoingFrame[]): Buffer {
  return Buffer.concat(frames.map((each) => encodeFrame(each, from === 'client' ? mask : null)));
}

describe('the reader of frames', () => {
  test('understands what it accepts as the ws package does', () => {
    const changes = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 });
    const wire = fc
      .tuple(side, fc.array(message, { minLength: 1, maxLength: 3 }), changes)
      .map(([from, messages, changed]) => {
        const bytes = wireOf(from, messages.flat());
        for (const [at, value] of changed) bytes[at % bytes.length] = value;
        return { from, bytes };
      });
    let accepted = 0;
    fc.assert(
      fc.property(wire, ({ from, bytes }) => {
        const ours = new Transcript(from);
        ours.push(bytes);
        const theirs = readByPeer(from, bytes);
        const refusals = ours.lines.filter((line) => line.startsWith('refused'));
        if (refusals.length > 0) return;
        accepted += 1;
        expect(theirs.isRefused).toBe(false);
        expect(ours.lines).toEqual(theirs.lines);
      }),
      { numRuns: 300 },
    );
    // the property says something only of what was accepted
    expect(accepted).toBeGreaterThan(30);
  });
});

describe('what goes through the proxy', () => {
  let server: RawServer;
  let proxy: Proxy;
  let agent: RawAgent;
  beforeAll(async () => {
    server = await startRawServer();
    proxy = await startProxy({ routes: [route(HOST, server.port)] });
    agent = await openRawAgent(proxy, `${HOST}:${server.port}`);
  });
  afterAll(async () => {
    agent.socket.destroy();
    await proxy.close();
    await server.close();
  });

  test.each(['client', 'server'] as const)(
    'decodes to what the %s sent, however it was cut',
    async (from) => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(message, { maxLength: 4 }),
          fc.array(fc.nat(5000), { maxLength: 6 }),
          async (messages, cuts) => {
            run += 1;
            const end = frame('ping', `end ${run}`);
            const wire = wireOf(from, [...messages.flat(), end]);
            const expected = new Transcript(from);
            expected.push(wire);
            const seen = from === 'client' ? server.seen : agent.seen;
            const before = seen.lines.length;
            let at = 0;
            for (const cut of cuts) {
              const piece = wire.subarray(at, at + cut);
              if (from === 'client') agent.write(piece);
              else server.write(piece);
              at += piece.length;
              await new Promise((resolve) => setImmediate(resolve));
            }
            if (from === 'client') agent.write(wire.subarray(at));
            else server.write(wire.subarray(at));
            await seen.have(`ping end ${run}`);
            const got = seen.lines.slice(before);
            // a control frame may overtake the message that it stands in, never another message
            const isData = (line: string) => /^(?:text|binary) /.test(line);
            expect(got.filter(isData)).toEqual(expected.lines.filter(isData));
            expect(got.filter((line) => !isData(line))).toEqual(
              expected.lines.filter((line) => !isData(line)),
            );
          },
        ),
        { numRuns: 25 },
      );
    },
  );
});
