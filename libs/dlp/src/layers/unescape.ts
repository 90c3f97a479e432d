import { RegionWriter, type Escape, type Unescaped } from './region-writer.ts';

const PERCENT = 0x25;
const AMP = 0x26;
const BACKSLASH = 0x5c;
const HASH = 0x23;
const EQUALS = 0x3d;
/** Backslashes before an escape that are taken with it; the last so many of a longer run. */
const MAX_BACKSLASHES = 16;

/** What a hex digit stands for, -1: it is none. */
export const hexValue = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  hexValue[digit.toString(16).charCodeAt(0)] = digit;
  hexValue[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Bytes that an escape can start with. */
const withoutEquals = new Uint8Array(256);
for (const byte of [PERCENT, BACKSLASH, AMP]) withoutEquals[byte] = 1;
const withEquals = Uint8Array.from(withoutEquals);
withEquals[EQUALS] = 1;
/** 1 for two characters of which one is such a byte, the first in the low bits */
const pairsOf = (special: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: 0x10000 }, (_, pair) => (special[pair & 0xff] ?? 0) | (special[pair >> 8] ?? 0));
const pairsWithoutEquals = pairsOf(withoutEquals);
const pairsWithEquals = pairsOf(withEquals);
/** 1 for what makes an escape of a backslash before it */
const afterBackslash = new Uint8Array(256);
for (const char of 'uxU01') afterBackslash[char.charCodeAt(0)] = 1;

/** Whether undoing escapes could change anything. */
export function mayHoldEscapes(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.includes(PERCENT) || buffer.includes('&#') || holdsBackslashEscape(bytes);
}

/** A search by the platform for each kind of escape would stop at each of the many backslashes that JSON has. */
function holdsBackslashEscape(bytes: Uint8Array): boolean {
  const table = afterBackslash;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = bytes.indexOf(BACKSLASH);
  if (at < 0) return false;
  while (at + 1 < bytes.length) {
    for (; at + 4 <= bytes.length; at += 4) {
      // a byte of it is zero where a backslash stands
      const word = view.getInt32(at, true) ^ 0x5c5c5c5c;
      if (((word - 0x01010101) & ~word & 0x80808080) !== 0) break;
    }
    for (const end = Math.min(at + 4, bytes.length - 1); at < end; at++) {
      if (bytes[at] === BACKSLASH && table[bytes[at + 1] ?? 0] === 1) return true;
    }
  }
  return false;
}

/**
 * Undoes, in one pass, `%XX`, `\uXXXX`, `\u{X}`, `\UXXXXXXXX`, `\xXX`, octal `\OOO`, and numeric HTML entities.
 * `quotedPrintable` also undoes `=XX` and soft line ends. Only what is near an escape is given, parts with a NUL between
 * them: the rest reads as it did. `keepBackslashes` takes `\\` before an escape for two characters, not for one that is
 * escaped. Returns null when there is nothing to undo.
 */
export function unescapeOnce(
  input: Uint8Array,
  options: { withStarts?: boolean; quotedPrintable?: boolean; keepBackslashes?: boolean } = {},
): Unescaped | null {
  const special = options.quotedPrintable === true ? withEquals : withoutEquals;
  const pairs = options.quotedPrintable === true ? pairsWithEquals : pairsWithoutEquals;
  const hex = hexValue;
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const escape: Escape = { value: 0, length: 0, isByte: false, before: 0 };
  let writer: RegionWriter | null = null;
  for (let i = 0; ;) {
    // four bytes at a time, as nearly always none of them begins anything
    for (; i + 4 <= input.length; i += 4) {
      const word = view.getInt32(i, true);
      if (pairs[word & 0xffff] === 0 && pairs[word >>> 16] === 0) continue;
      if (pairs[word & 0xffff] === 0) i += 2;
      break;
    }
    if (i >= input.length) break;
    const byte = input[i] ?? 0;
    if (special[byte] === 0) {
      i++;
      continue;
    }
    if (byte === PERCENT && i + 2 < input.length) {
      // by far the most frequent one
      const value = ((hex[input[i + 1] ?? 0] ?? -1) << 4) | (hex[input[i + 2] ?? 0] ?? -1);
      if (value >= 0) {
        writer ??= new RegionWriter(input, options.withStarts === true);
        writer.byte(i, 3, value);
        i += 3;
        continue;
      }
    }
    readEscape(input, i, escape);
    if (escape.length === 0 || (escape.before > 0 && options.keepBackslashes === true)) {
      i++;
      continue;
    }
    writer ??= new RegionWriter(input, options.withStarts === true);
    writer.escape(i, escape);
    i += escape.length;
  }
  return writer === null ? null : writer.finish();
}

/** Undoes escapes until none are left, at most four times. */
export function unescapeFully(input: Uint8Array): Uint8Array {
  let bytes = input;
  for (let round = 0; round < 4; round++) {
    const next = unescapeOnce(bytes);
    if (next === null) break;
    bytes = next.bytes;
  }
  return bytes;
}

function readEscape(input: Uint8Array, at: number, out: Escape): void {
  out.length = 0;
  out.before = 0;
  const first = input[at];
  const kind = input[at + 1] ?? 0;
  if (first === PERCENT) {
    // %uXXXX is an old form that some servers still decode
    if (kind === 0x75 || kind === 0x55) readHex(input, at + 2, 4, 4, 2, out);
    else readHex(input, at + 1, 2, 2, 1, out);
  } else if (first === EQUALS) {
    readSoftBreakOrHex(input, at, out);
  } else if (first === AMP) {
    if (kind === HASH) readEntity(input, at, out);
  } else if (kind === BACKSLASH) {
    readEscapedBackslash(input, at, out);
  } else if (kind === 0x75) {
    if (input[at + 2] === 0x7b) readBraced(input, at, out);
    else readHex(input, at + 2, 4, 4, 2, out);
  } else if (kind === 0x55) {
    readHex(input, at + 2, 8, 8, 2, out);
  } else if (kind === 0x78) {
    readHex(input, at + 2, 2, 2, 2, out);
  } else if (kind >= 0x30 && kind <= 0x37) {
    readOctal(input, at, out);
  }
}

/** An escape whose backslash was escaped itself, once or more often: JSON in JSON. */
function readEscapedBackslash(input: Uint8Array, at: number, out: Escape): void {
  let last = at + 1;
  while (last - at < MAX_BACKSLASHES && input[last + 1] === BACKSLASH) last++;
  if (input[last + 1] === BACKSLASH) return;
  readEscape(input, last, out);
  if (out.length === 0) return;
  out.length += last - at;
  out.before = last - at;
}

function readHex(
  input: Uint8Array,
  from: number,
  min: number,
  max: number,
  before: number,
  out: Escape,
): void {
  let value = 0;
  let digits = 0;
  while (digits < max) {
    const digit = hexValue[input[from + digits] ?? 0] ?? -1;
    if (digit < 0) break;
    value = value * 16 + digit;
    digits++;
  }
  if (digits < min) return;
  out.value = value;
  out.isByte = max === 2;
  out.length = before + digits;
}

function readBraced(input: Uint8Array, at: number, out: Escape): void {
  readHex(input, at + 3, 1, 6, 3, out);
  if (out.length === 0) return;
  if (input[at + out.length] === 0x7d) out.length++;
  else out.length = 0;
}

function readOctal(input: Uint8Array, at: number, out: Escape): void {
  let value = 0;
  let digits = 0;
  while (digits < 3) {
    const byte = input[at + 1 + digits] ?? 0;
    if (byte < 0x30 || byte > 0x37) break;
    value = value * 8 + (byte - 0x30);
    digits++;
  }
  if (digits < 2) return;
  out.value = value & 0xff;
  out.isByte = true;
  out.length = 1 + digits;
}

function readEntity(input: Uint8Array, at: number, out: Escape): void {
  const hex = input[at + 2] === 0x78 || input[at + 2] === 0x58;
  let i = at + (hex ? 3 : 2);
  let value = 0;
  let digits = 0;
  // HTML allows any number of leading zeros
  while (digits < 64 && value <= 0x10ffff) {
    const digit = hexValue[input[i] ?? 0] ?? -1;
    if (digit < 0 || (!hex && digit > 9)) break;
    value = value * (hex ? 16 : 10) + digit;
    digits++;
    i++;
  }
  if (digits === 0 || value > 0x10ffff) return;
  out.value = value;
  out.isByte = false;
  out.length = i - at + (input[i] === 0x3b ? 1 : 0);
}

function readSoftBreakOrHex(input: Uint8Array, at: number, out: Escape): void {
  const next = input[at + 1];
  if (next === 0x0a || (next === 0x0d && input[at + 2] === 0x0a)) {
    out.value = -1;
    out.length = next === 0x0a ? 2 : 3;
    return;
  }
  readHex(input, at + 1, 2, 2, 1, out);
}
