import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeClose, encodeFrame, MessageReader } from '@bot-bottle/egress';
import type { OutgoingFrame } from '@bot-bottle/egress';

type Side = 'client' | 'server';
const key = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

interface Read {
  readonly messages: ReadonlyArray<readonly [type: string, content: string]>;
  readonly refused: number | null;
  readonly events: number;
}

/** Reads bytes cut anywhere and puts the pieces of each message together. */
function read(from: Side, wire: Buffer, cuts: readonly number[] = []): Read {
  const reader = new MessageReader(from);
  const edges = [...new Set([0, ...cuts.map((cut) => cut % (wire.length + 1)), wire.length])].toSorted(
    (a, b) => a - b,
  );
  const messages: Array<[string, string]> = [];
  let open: Buffer[] = [];
  let events = 0;
  for (const [i, start] of edges.entries()) {
    // a copy: the reader may change what it is given
    const step = reader.push(Buffer.from(wire.subarray(start, edges[i + 1] ?? start)));
    events += step.events.length;
    for (const event of step.events) {
      if (event.kind === 'close') messages.push(['close', `${event.code} ${event.reason}`]);
      else if (event.kind !== 'data') messages.push([event.kind, event.data.toString('latin1')]);
      else {
        expect(event.isFirst).toBe(open.length === 0);
        open.push(event.data);
        if (!event.isLast) continue;
        messages.push([event.type, Buffer.concat(open).toString('latin1')]);
        open = [];
      }
    }
    if (step.refused !== null) return { messages, refused: step.refused.code, events };
  }
  return { messages, refused: null, events };
}

function wireOf(side: Side, frames: readonly OutgoingFrame[]): Buffer {
  return Buffer.concat(frames.map((frame) => encodeFrame(frame, side === 'client' ? key : null)));
}

const side = fc.constantFrom<Side>('client', 'server');
const payload = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const control = fc.record({
  opcode: fc.constantFrom('ping' as const, 'pong' as const),
  fin: fc.constant(true),
  payload: payload(125),
});
const message = fc
  .record({
    text: fc.option(fc.string({ unit: 'binary', maxLength: 200 })),
    binary: payload(400),
    cuts: fc.array(fc.nat(1000), { maxLength: 4 }),
    controls: fc.array(control, { maxLength: 2 }),
  })
  .map(({ text, binary, cuts, controls }) => {
    const content = text === null ? binary : Buffer.from(text);
    const edges = [0, ...cuts.map((cut) => cut % (content.length + 1)), content.length].toSorted(
      (a, b) => a - b,
    );
    const frames: OutgoingFrame[] = [];
    for (let i = 0; i + 1 < edges.length; i += 1) {
      const opcode = i > 0 ? 'continuation' : text === null ? 'binary' : 'text';
      frames.push({ opcode, fin: i + 2 === edges.length, payload: content.subarray(edges[i], edges[i + 1]) });
      frames.push(...(i === 0 ? controls : []));
    }
    return { type: text === null ? 'binary' : 'text', content, frames, controls };
  });

describe('the message reader', () => {
  it('gives the same messages however they are fragmented, interleaved and cut', () => {
    fc.assert(
      fc.property(side, fc.array(message, { maxLength: 6 }), fc.array(fc.nat(5000)), (from, sent, cuts) => {
        const wire = wireOf(
          from,
          sent.flatMap(({ frames }) => frames),
        );
        const { messages, refused } = read(from, wire, cuts);
        expect(refused).toBeNull();
        const isData = ([type]: readonly [string, string]) => type === 'text' || type === 'binary';
        expect(messages.filter(isData)).toEqual(
          sent.map(({ type, content }) => [type, content.toString('latin1')]),
        );
        expect(messages.filter((each) => !isData(each))).toEqual(
          sent.flatMap(({ controls }) => controls.map((c) => [c.opcode, c.payload.toString('latin1')])),
        );
      }),
    );
  });

  it('never gives another outcome because bytes were cut elsewhere, garbage included', () => {
    const noise = fc
      .tuple(fc.array(message, { maxLength: 3 }), payload(60), fc.nat(200), fc.nat(255))
      .map(([sent, tail, at, byte]) => {
        const wire = Buffer.concat([
          wireOf(
            'client',
            sent.flatMap(({ frames }) => frames),
          ),
          tail,
        ]);
        if (wire.length > 0) wire[at % wire.length] = byte;
        return wire;
      });
    fc.assert(
      fc.property(noise, fc.array(fc.nat(5000)), (wire, cuts) => {
        const once = read('client', wire);
        const cut = read('client', wire, cuts);
        expect(cut.refused).toBe(once.refused);
        expect(cut.messages).toEqual(once.messages);
      }),
    );
  });

  it('joins tiny fragments, and gives nothing for empty ones', () => {
    const frames: OutgoingFrame[] = [{ opcode: 'binary', fin: false, payload: Buffer.from('a') }];
    for (let i = 0; i < 5000; i += 1)
      frames.push({ opcode: 'continuation', fin: false, payload: Buffer.from(i % 2 === 0 ? 'b' : '') });
    expect(read('client', wireOf('client', frames)).events).toBe(1);
    const empty = frames.map((frame) => ({ ...frame, payload: Buffer.alloc(0) }));
    expect(read('server', wireOf('server', empty)).events).toBe(0);
  });

  it('drops everything after a close frame', () => {
    const wire = wireOf('client', [
      { opcode: 'binary', fin: false, payload: Buffer.from('half') },
      { opcode: 'close', fin: true, payload: encodeClose({ code: 4999, reason: 'später' }) },
      { opcode: 'continuation', fin: true, payload: Buffer.from('after') },
    ]);
    expect(read('client', wire)).toMatchObject({ messages: [['close', '4999 später']], refused: null });
  });
});

const masked = (first: number, length: number, rest = '') =>
  Buffer.concat([Buffer.from([first, 0x80 | length]), key, Buffer.from(rest, 'latin1')]);
/** a masked frame of a client with that payload */
const client = (first: number, text: string) => {
  const frame = encodeFrame({ opcode: 'binary', fin: true, payload: Buffer.from(text, 'latin1') }, key);
  frame[0] = first;
  return frame;
};
const long = (hex: string) => Buffer.concat([Buffer.from(hex, 'hex'), key]);

describe.each<[name: string, from: Side, wire: Buffer, code: number]>([
  ['RSV1, as a compressed message has it', 'client', client(0xc1, 'a'), 1002],
  ['RSV2', 'client', client(0xa1, 'a'), 1002],
  ['RSV3', 'server', Buffer.from([0x91, 0]), 1002],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Side, Buffer, number] => [
    `opcode ${opcode}`,
    'client',
    client(0x80 | opcode, ''),
    1002,
  ]),
  ['a client that does not mask', 'client', Buffer.from([0x82, 1, 0x61]), 1002],
  ['a server that masks', 'server', masked(0x82, 1, 'a'), 1002],
  ['a fragmented ping', 'client', client(0x09, ''), 1002],
  ['a ping of 126 bytes', 'client', long('89fe007e'), 1002],
  ['a ping with a length of eight bytes', 'server', Buffer.from('897f0000000000000001', 'hex'), 1002],
  ['125 in two bytes', 'client', long('82fe007d'), 1002],
  ['65,535 in eight bytes', 'client', long('82ff000000000000ffff'), 1002],
  ['a length of 2^63', 'client', long('82ff8000000000000000'), 1002],
  ['a length of 2^63 - 1', 'client', long('82ff7fffffffffffffff'), 1009],
  ['a length of 2^53', 'server', Buffer.from('827f0020000000000000', 'hex'), 1009],
  ['a length of 1 GiB + 1', 'server', Buffer.from('827f0000000040000001', 'hex'), 1009],
  ['a continuation of nothing', 'client', client(0x80, 'a'), 1002],
  ['a message inside a message', 'client', Buffer.concat([client(0x02, 'a'), client(0x82, 'b')]), 1002],
  ['half a close code', 'client', client(0x88, '\x03'), 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map(
    (code): [string, Side, Buffer, number] => [
      `close code ${code}`,
      'client',
      client(0x88, String.fromCharCode(code >> 8, code & 255)),
      1002,
    ],
  ),
  ['a close reason that is not UTF-8', 'client', client(0x88, '\x03\xe8\xff'), 1007],
  ['an overlong character', 'client', client(0x81, '\xc0\xaf'), 1007],
  ['a surrogate', 'client', client(0x81, '\xed\xa0\x80'), 1007],
  ['a text that ends inside a character', 'client', client(0x81, 'a\xe2\x82'), 1007],
])('refused: %s', (_name, from, wire, code) => {
  it('at once', () => expect(read(from, wire)).toMatchObject({ messages: [], refused: code }));

  it('byte by byte, and nothing comes after it', () => {
    const reader = new MessageReader(from);
    const codes: number[] = [];
    for (const byte of Buffer.concat([wire, client(0x82, 'next')])) {
      const step = reader.push(Buffer.from([byte]));
      if (step.refused !== null) codes.push(step.refused.code);
      else if (codes.length > 0) expect(step.events).toEqual([]);
    }
    expect(codes).toEqual([code]);
  });
});

it('a character may be spread over fragments', () => {
  const [a, b, c] = [...Buffer.from('€')].map((byte) => Buffer.from([byte]));
  if (a === undefined || b === undefined || c === undefined) throw new Error('three bytes');
  const wire = wireOf('server', [
    { opcode: 'text', fin: false, payload: a },
    { opcode: 'continuation', fin: false, payload: b },
    { opcode: 'continuation', fin: true, payload: c },
  ]);
  expect(read('server', wire, [2, 3, 5]).messages).toEqual([['text', Buffer.from('€').toString('latin1')]]);
});

it.each([0, 125, 126, 65_535, 65_536])('writes %d bytes so that they are read again', (length) => {
  const wire = wireOf('client', [{ opcode: 'binary', fin: true, payload: Buffer.alloc(length, 7) }]);
  expect(read('client', wire).messages[0]?.[1].length).toBe(length);
});

it('cuts a close reason between two characters', () => {
  const payload = encodeClose({ code: 1008, reason: `x${'€'.repeat(60)}` });
  expect(payload.length).toBeLessThanOrEqual(125);
  expect(payload.subarray(2).toString()).toBe(`x${'€'.repeat(40)}`);
});
