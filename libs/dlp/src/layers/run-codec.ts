import { passBase64, writeBase64 } from './native-base64.ts';

/** Characters of a run from which on the platform is faster than a loop. */
const LONG = 1024;

/** What a character of base64, in either alphabet, stands for; -1: it is none. */
export const sextets = new Int8Array(256).fill(-1);
'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  .split('')
  .forEach((char, value) => (sextets[char.charCodeAt(0)] = value));
sextets[0x2d] = 62;
sextets[0x5f] = 63;
const nibbles = new Int8Array(256).fill(-1);
for (const [index, char] of Array.from('0123456789abcdef').entries()) {
  nibbles[char.charCodeAt(0)] = index;
  nibbles[char.toUpperCase().charCodeAt(0)] = index;
}

/** What two characters stand for, the first in the low byte of the index; -1: one of them is none. */
function pairsOf(values: Int8Array, bits: number): Int16Array {
  const pairs = new Int16Array(0x10000).fill(-1);
  values.forEach((high, first) => {
    if (high < 0) return;
    values.forEach((low, second) => {
      if (low >= 0) pairs[first | (second << 8)] = (high << bits) | low;
    });
  });
  return pairs;
}
const sextetPairs = pairsOf(sextets, 6);
const nibblePairs = pairsOf(nibbles, 4);

/** A text to be read by bytes and by more of them at once, in one byte order everywhere and at any address. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Where content is written; what is not written is not given away. */
export interface Sink {
  bytes: Buffer;
  view: DataView;
  length: number;
}

/** Sextets of a group that is not complete yet. */
export interface Open {
  bits: number;
  count: number;
}

export function sourceOf(bytes: Uint8Array): Source {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

export function sinkFor(length: number): Sink {
  // three bytes are written as four
  const bytes = Buffer.allocUnsafeSlow(length + 4);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), length: 0 };
}

/** Makes room for `more` bytes. */
export function reserve(sink: Sink, more: number): void {
  if (sink.bytes.length >= sink.length + more + 4) return;
  const { bytes, view } = sinkFor(Math.max(sink.length + more, sink.bytes.length * 2));
  sink.bytes.copy(bytes, 0, 0, sink.length);
  sink.bytes = bytes;
  sink.view = view;
}

/** Where the characters of base64 that begin at `from` end, `to` at the latest. */
export function runEnd(source: Source, from: number, to = source.bytes.length): number {
  const near = Math.min(to, from + LONG);
  const end = endOfPairs(source, from, near);
  return end < near || end === to ? end : endOfPairs(source, passBase64(source.bytes, end, to, LONG), to);
}

function endOfPairs({ bytes, view }: Source, from: number, to: number): number {
  const table = sextetPairs;
  let end = from;
  while (end + 2 <= to && (table[view.getUint16(end, true)] ?? -1) >= 0) end += 2;
  return end < to && (sextets[bytes[end] ?? 0] ?? -1) >= 0 ? end + 1 : end;
}

export function isHex({ bytes, view }: Source, start: number, end: number): boolean {
  const table = nibblePairs;
  let at = start;
  while (at + 2 <= end && (table[view.getUint16(at, true)] ?? -1) >= 0) at += 2;
  return at === end || (at + 1 === end && (nibbles[bytes[at] ?? 0] ?? -1) >= 0);
}

/** Writes what hex stands for. */
export function decodeHex({ view }: Source, start: number, end: number, sink: Sink): void {
  const table = nibblePairs;
  const out = sink.bytes;
  let k = sink.length;
  for (let at = start; at + 2 <= end; at += 2) out[k++] = table[view.getUint16(at, true)] ?? 0;
  sink.length = k;
}

/** Writes what base64 stands for, but for what is left open. */
export function decodeBase64(source: Source, start: number, end: number, sink: Sink, open: Open): void {
  const table = sextetPairs;
  const { view } = source;
  const out = sink.view;
  let at = start;
  while (at < end && open.count !== 0) at = decodeOne(source, at, sink, open);
  if (end - at >= LONG) at = decodeLong(source.bytes, at, end, sink);
  let k = sink.length;
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true);
    const bits = ((table[word & 0xffff] ?? 0) << 12) | (table[word >>> 16] ?? 0);
    out.setInt32(k, bits << 8, false);
    k += 3;
  }
  sink.length = k;
  while (at < end) at = decodeOne(source, at, sink, open);
}

/** Decodes whole groups by the platform; gives where the rest begins. */
function decodeLong(bytes: Uint8Array, start: number, end: number, sink: Sink): number {
  const length = end - start - ((end - start) % 4);
  sink.length += writeBase64(bytes, start, start + length, sink.bytes, sink.length);
  return start + length;
}

function decodeOne({ bytes }: Source, at: number, sink: Sink, open: Open): number {
  open.bits = ((open.bits << 6) | (sextets[bytes[at] ?? 0] ?? 0)) & 0xffffff;
  if (++open.count === 4) {
    sink.view.setInt32(sink.length, open.bits << 8, false);
    sink.length += 3;
    open.count = 0;
  }
  return at + 1;
}

/** Writes the bytes that an incomplete last group holds. */
export function flush({ bits, count }: Open, sink: Sink): void {
  if (count < 2) return;
  sink.bytes[sink.length++] = (bits >> (count === 2 ? 4 : 10)) & 0xff;
  if (count === 3) sink.bytes[sink.length++] = (bits >> 2) & 0xff;
}
