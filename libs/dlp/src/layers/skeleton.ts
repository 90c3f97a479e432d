import { isAscii } from 'node:buffer';
import { asciiOf } from './ascii-of.ts';

// In a bundle these become variables, so loops over bytes read them into a constant of their own first.
const BACKSLASH = 0x5c;
/** Memory that is kept for the next text, in bytes: a window of a stream fits. */
const MAX_SCRATCH = 512 * 1024;
let scratch = new Uint8Array(0);
/** 1 for letters and digits */
const keep = new Uint8Array(256);
/** 1 for what follows a backslash in an escaped white-space character */
const escaped = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const digit = byte >= 0x30 && byte <= 0x39;
  const letter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a && byte < 0x80;
  keep[byte] = digit || letter ? 1 : 0;
}
for (const letter of 'nrtbfv') escaped[letter.charCodeAt(0)] = 1;
/** `keep`, and from 256 on what is kept after a backslash */
const keepAfter = new Uint8Array(512);
for (let byte = 0; byte < 256; byte++) {
  keepAfter[byte] = keep[byte] ?? 0;
  keepAfter[0x100 | byte] = (keep[byte] ?? 0) & ~(escaped[byte] ?? 0);
}
/** 256 for the backslash */
const isBackslash = new Uint16Array(256);
isBackslash[BACKSLASH] = 0x100;
/** Bytes around a backslash that are looked at with care before the next one is searched. */
const STRETCH = 512;

/**
 * What is left of `text` without separators, white space (also written as `\n`), zero-width characters and any other
 * sign, and with look-alike letters replaced by ASCII: whatever was put between the characters of a value is gone,
 * and so is what a transport wraps long lines with.
 */
export function skeletonOf(text: Uint8Array): Uint8Array {
  return compacted(text, new Uint8Array(text.length + 3));
}

/** The same in memory that the next call overwrites: most texts are looked at once and gone. */
export function passingSkeletonOf(text: Uint8Array): Uint8Array {
  if (text.length + 3 > MAX_SCRATCH) return skeletonOf(text);
  if (text.length + 3 > scratch.length) scratch = new Uint8Array(text.length + 3);
  return compacted(text, scratch);
}

function compacted(text: Uint8Array, out: Uint8Array): Uint8Array {
  const end = isAscii(text) ? compactAscii(text, out) : compact(text, out, null);
  return out.subarray(0, end);
}

/** For each character of a text's skeleton, where it starts in the text. */
export function skeletonStarts(text: Uint8Array): Uint32Array {
  const starts = new Uint32Array(text.length + 1);
  return starts.subarray(0, compact(text, new Uint8Array(text.length + 3), starts));
}

/** Where the character at `start` ends. */
export function characterEnd(text: Uint8Array, start: number): number {
  return Math.min(text.length, start + sequenceLength(text[start] ?? 0));
}

/** One function on purpose: loops in helpers that are inlined stay in the compiler's lower tier. */
function compactAscii(text: Uint8Array, out: Uint8Array): number {
  const plain = keep;
  const table = keepAfter;
  const next = isBackslash;
  let k = 0;
  for (let i = 0; i < text.length;) {
    // a backslash just before counts, as it makes the next letter white space
    const backslash = text.indexOf(BACKSLASH, Math.max(0, i - 1));
    if (backslash >= 0 && backslash < i + STRETCH) {
      const end = Math.min(text.length, i + STRETCH);
      let after = i > 0 ? (next[text[i - 1] ?? 0] ?? 0) : 0;
      for (; i < end; i++) {
        const byte = text[i] ?? 0;
        out[k] = byte;
        k += table[after | byte] ?? 0;
        after = next[byte] ?? 0;
      }
    } else {
      const end = backslash < 0 ? text.length : backslash;
      for (; i < end; i++) {
        const byte = text[i] ?? 0;
        out[k] = byte;
        k += plain[byte] ?? 0;
      }
    }
  }
  return k;
}

function compact(text: Uint8Array, out: Uint8Array, starts: Uint32Array | null): number {
  const table = keepAfter;
  const next = isBackslash;
  let k = 0;
  let after = 0;
  for (let i = 0; i < text.length;) {
    const byte = text[i] ?? 0;
    if (byte < 0x80) {
      out[k] = byte;
      if (starts !== null) starts[k] = i;
      k += table[after | byte] ?? 0;
      after = next[byte] ?? 0;
      i++;
      continue;
    }
    after = 0;
    // bytes that begin nothing are most of what is no text
    if (byte < 0xc0 || ((text[i + 1] ?? 0) & 0xc0) !== 0x80) {
      i++;
      continue;
    }
    const length = sequenceLength(byte);
    const ascii = asciiOf(codePointAt(text, i, length));
    if (ascii !== 0) {
      out[k] = ascii;
      if (starts !== null) starts[k] = i;
      k++;
      i += length;
    } else {
      i++;
    }
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
