import { encodeClose, encodeFrame, MessageReader } from '@bot-bottle/egress';
import type { MessageEvent } from '@bot-bottle/egress';
import { must, mustEqual } from '../fuzz/target.ts';
import type { FuzzTarget } from '../fuzz/target.ts';
import { inPieces } from './split.ts';

interface Read {
  /** messages and control frames, in order; an unfinished message last */
  readonly parts: readonly string[];
  readonly refused: number | null;
}

type Side = 'client' | 'server';

/** Joins what belongs to one message, so that it does not matter where the input was cut. */
function read(pieces: readonly Buffer[], side: Side): { read: Read; events: MessageEvent[] } {
  const reader = new MessageReader(side);
  const events: MessageEvent[] = [];
  let refused: number | null = null;
  for (const piece of pieces) {
    const step = reader.push(Buffer.from(piece));
    // the data are parts of what was pushed, which the next push does not touch
    events.push(...step.events);
    refused ??= step.refused?.code ?? null;
    must(refused === null || reader.isDone, 'it goes on after a refusal');
  }
  return { events, read: { parts: joined(events), refused } };
}

function joined(events: readonly MessageEvent[]): string[] {
  const parts: string[] = [];
  let open: { type: string; data: Buffer[] } | null = null;
  for (const event of events) {
    switch (event.kind) {
      case 'data':
        must(event.isFirst === (open === null), 'a message begins inside another one');
        open ??= { type: event.type, data: [] };
        open.data.push(event.data);
        if (!event.isLast) break;
        parts.push(`${open.type} ${Buffer.concat(open.data).toString('base64')}`);
        open = null;
        break;
      case 'close':
        parts.push(`close ${event.code ?? 'none'} ${event.reason}`);
        break;
      case 'ping':
      case 'pong':
        parts.push(`${event.kind} ${event.data.toString('base64')}`);
        break;
    }
  }
  return parts;
}

/** The frames that say the same again. */
function write(events: readonly MessageEvent[], side: Side): Buffer {
  const mask = side === 'client' ? Buffer.from([1, 2, 3, 250]) : null;
  return Buffer.concat(
    events.map((event) => {
      if (event.kind === 'data') {
        const opcode = event.isFirst ? event.type : 'continuation';
        return encodeFrame({ opcode, fin: event.isLast, payload: event.data }, mask);
      }
      const payload = event.kind === 'close' ? encodeClose(event) : event.data;
      return encodeFrame({ opcode: event.kind, fin: true, payload }, mask);
    }),
  );
}

/** Frames of either side. */
export const websocket: FuzzTarget = {
  name: 'websocket',
  about:
    'frames give the same messages however they arrive, text is UTF-8, and written again they say the same',
  words: [
    '\x81',
    '\x82',
    '\x01',
    '\x80',
    '\x00',
    '\x88',
    '\x89',
    '\x8a',
    '\xc1',
    '\x81\x85\x01\x02\x03\x04',
    '\x81\x05hello',
    '\x7e\x00\x7e',
    '\xfe\x00\x7e',
    '\x7f\x00\x00\x00\x00\x00\x01\x00\x00',
    '\xff\x7f\xff\xff\xff\xff\xff\xff\xff',
    '\x03\xe8',
    '\xe2\x82\xac',
    '\xed\xa0\x80',
    '\xf4\x90',
    '\xc0\xaf',
  ],
  open: async () => ({
    run: (bytes) => {
      let accepted = false;
      for (const side of ['client', 'server'] as const) {
        const whole = read([bytes], side);
        const pieces = read(inPieces(bytes, 5), side);
        mustEqual(pieces.read.refused, whole.read.refused, `refusal of frames of a ${side} in pieces`);
        mustEqual(pieces.read.parts, whole.read.parts, `frames of a ${side} in pieces`);
        for (const part of whole.read.parts) {
          const [type, data = ''] = part.split(' ');
          if (type !== 'text') continue;
          const text = Buffer.from(data, 'base64');
          must(Buffer.from(text.toString('utf8')).equals(text), 'a text that is not UTF-8');
        }
        const again = read([write(whole.events, side)], side);
        mustEqual(again.read.parts, whole.read.parts, `frames of a ${side} that were written again`);
        accepted ||= whole.read.parts.length > 0;
      }
      return accepted;
    },
  }),
};
