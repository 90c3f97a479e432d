import { asciiOf, farFromAscii } from './ascii-of.ts';

// In a bundle these become variables, so loops over bytes read them into a constant of their own first.
const BACKSLASH = 0x5c;
/**
 * Bytes behind a skeleton. Three are written; with fewer than eight, the platform's middle compiler takes the last write for one
 * beyond the end, after which no compiler writes words of memory itself.
 */
const ROOM = 16;
/** Memory that is kept for the next text, in bytes: a window of a stream or of the git gate fits. */
const MAX_SCRATCH = 1024 * 1024 + ROOM;
let scratch = new Uint8Array(0);
/** Set in an index when a backslash stands before; the highest bit of the second of four bytes. */
const AFTER = 0x8000;
/** 1 for letters and digits, from 256 on but for those that a backslash makes white space */
const keepAfter = new Uint8Array(512);
for (let byte = 0; byte < 0x80; byte++) {
  const keep = /[0-9A-Za-z]/.test(String.fromCharCode(byte));
  keepAfter[byte] = keep ? 1 : 0;
  keepAfter[0x100 | byte] = keep && !/[nrtbfv]/.test(String.fromCharCode(byte)) ? 1 : 0;
}
/** What is kept of two characters of ASCII, the first in the low bits, and in bits 16 and 17 how many these are. */
const pairs = new Uint32Array(0x10000);
for (let second = 0; second < 0x80; second++) {
  for (let first = 0; first < 0x80; first++) {
    const two = keepAfter[second | (first === BACKSLASH ? 0x100 : 0)] ?? 0;
    for (const after of [0, AFTER]) {
      const one = keepAfter[first | (after >> 7)] ?? 0;
      pairs[first | (second << 8) | after] =
        (first * one) | ((second * two) << (8 * one)) | ((one + two) << 16);
    }
  }
}

/**
 * What is left of `text` without separators, white space (also written as `\n`), zero-width characters and any other
 * sign, and with look-alike letters replaced by ASCII: whatever was put between the characters of a value is gone,
 * and so is what a transport wraps long lines with.
 */
export function skeletonOf(text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length + ROOM);
  return out.subarray(0, compact(text, out));
}

/** The same in memory that the next call overwrites: most texts are looked at once and gone. */
export function passingSkeletonOf(text: Uint8Array): Uint8Array {
  if (text.length + ROOM > MAX_SCRATCH) return skeletonOf(text);
  if (text.length + ROOM > scratch.length) scratch = new Uint8Array(text.length + ROOM);
  return scratch.subarray(0, compact(text, scratch));
}

/** For each character of a text's skeleton, where it starts in the text. */
export function skeletonStarts(text: Uint8Array): Uint32Array {
  const starts = new Uint32Array(text.length + 1);
  return starts.subarray(0, compactSlowly(text, starts));
}

/** Where the character at `start` ends. */
export function characterEnd(text: Uint8Array, start: number): number {
  return Math.min(text.length, start + sequenceLength(text[start] ?? 0));
}

/**
 * Writes the skeleton, four characters of ASCII at once. One function on purpose: loops in helpers that are inlined stay
 * in the compiler's lower tier. The views read and write in one byte order everywhere, and at any address.
 */
function compact(text: Uint8Array, out: Uint8Array): number {
  const table = keepAfter;
  const two = pairs;
  const far = farFromAscii;
  const behind = AFTER;
  const backslash = BACKSLASH;
  const source = new DataView(text.buffer, text.byteOffset, text.length);
  const sink = new DataView(out.buffer, out.byteOffset, out.length);
  const { length } = text;
  let k = 0;
  let after = 0;
  for (let i = 0; i < length;) {
    for (; i + 4 <= length; i += 4) {
      const word = source.getInt32(i, true);
      if ((word & 0x80808080) !== 0) break;
      // the highest bit of a byte stays where a backslash stands, and of no other: all are below 0x80
      const backslashes = 0x80808080 - (word ^ 0x5c5c5c5c);
      const low = two[(word & 0x7fff) | after] ?? 0;
      const high = two[(word >>> 16) | (backslashes & behind)] ?? 0;
      const count = low >>> 16;
      // what is too much is overwritten, and never beyond the end: no more was written than was read
      sink.setInt32(k, (low & 0xffff) | (high << (count << 3)), true);
      k += count + (high >>> 16);
      after = (backslashes >>> 16) & behind;
    }
    if (i >= length) break;
    const byte = text[i] ?? 0;
    const second = i + 1 < length ? (text[i + 1] ?? 0) : 0;
    // bytes that begin nothing are most of what is no text
    if ((((byte << 8) | second) & 0xc0c0) !== 0xc080) {
      out[k] = byte;
      k += table[byte | (after >> 7)] ?? 0;
      after = byte === backslash ? behind : 0;
      i++;
      continue;
    }
    after = 0;
    if (byte >= 0xe0 && byte < 0xf0 && far[((byte & 0x0f) << 6) | (second & 0x3f)] === 1) {
      // what continues it is nothing by itself
      i += i + 2 < length && ((text[i + 2] ?? 0) & 0xc0) === 0x80 ? 3 : 2;
      continue;
    }
    const isTwo = byte < 0xe0;
    const codePoint = isTwo
      ? ((byte & 0x1f) << 6) | (second & 0x3f)
      : codePointAt(text, i, sequenceLength(byte));
    const ascii = codePoint === 0 ? 0 : asciiOf(codePoint);
    if (ascii === 0) {
      i++;
    } else {
      out[k++] = ascii;
      i += isTwo ? 2 : sequenceLength(byte);
    }
  }
  return k;
}

/** Only the places, and one byte after the other: few texts have something in them that is asked for. */
function compactSlowly(text: Uint8Array, starts: Uint32Array): number {
  let k = 0;
  let after = 0;
  for (let i = 0; i < text.length;) {
    const byte = text[i] ?? 0;
    const length = sequenceLength(byte);
    const ascii = length === 1 ? 0 : asciiOf(codePointAt(text, i, length));
    starts[k] = i;
    k += ascii === 0 ? (keepAfter[byte | after] ?? 0) : 1;
    after = byte === BACKSLASH ? 0x100 : 0;
    i += ascii === 0 ? 1 : length;
  }
  return k;
}

function sequenceLength(byte: number): number {
  if (byte < 0xc0) return 1;
  if (byte < 0xe0) return 2;
  if (byte < 0xf0) return 3;
  return 4;
}

/** The code point at `at`, or 0 when the bytes are no UTF-8. */
function codePointAt(text: Uint8Array, at: number, length: number): number {
  if (length === 1 || at + length > text.length) return 0;
  let value = (text[at] ?? 0) & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = text[at + i] ?? 0;
    if ((byte & 0xc0) !== 0x80) return 0;
    value = (value << 6) | (byte & 0x3f);
  }
  return value;
}
