import { hexValue, readEscape } from './read-escape.ts';
import { RegionWriter, type Escape, type Unescaped } from './region-writer.ts';

const PERCENT = 0x25;
const AMP = 0x26;
const BACKSLASH = 0x5c;
const SLASH = 0x2f;
const EQUALS = 0x3d;

/** Bytes that an escape can start with. */
const withoutEquals = new Uint8Array(256);
for (const byte of [PERCENT, BACKSLASH, AMP]) withoutEquals[byte] = 1;
const withEquals = Uint8Array.from(withoutEquals);
withEquals[EQUALS] = 1;
/** 1 for two characters of which one is such a byte, the first in the low bits */
function pairsOf(special: Uint8Array): Uint8Array {
  const pairs = new Uint8Array(0x10000);
  special.forEach((isSpecial, byte) => {
    if (isSpecial === 0) return;
    pairs.fill(1, byte << 8, (byte + 1) << 8);
    for (let second = 0; second < 0x100; second++) pairs[byte | (second << 8)] = 1;
  });
  return pairs;
}
const pairsWithoutEquals = pairsOf(withoutEquals);
const pairsWithEquals = pairsOf(withEquals);
/** 1 for what makes an escape of a backslash before it */
const afterBackslash = new Uint8Array(256);
for (const char of 'uxU01234567/') afterBackslash[char.charCodeAt(0)] = 1;

/** Whether undoing escapes could change anything. */
export function mayHoldEscapes(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.includes(PERCENT) || buffer.includes('&#') || holdsBackslashEscape(bytes);
}

/** A search by the platform for each kind of escape would stop at each of the many backslashes that JSON has. */
function holdsBackslashEscape(bytes: Uint8Array): boolean {
  const table = afterBackslash;
  const first = bytes.indexOf(BACKSLASH);
  if (first < 0) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let from = first; from + 1 < bytes.length; from += 4) {
    from = nextBackslash(view, from);
    const end = Math.min(from + 4, bytes.length - 1);
    for (let at = from; at < end; at++) {
      if (bytes[at] !== BACKSLASH || table[bytes[at + 1] ?? 0] !== 1) continue;
      // as source has it in JSON: a backslash that is one, and a slash
      if (bytes[at + 1] === SLASH && bytes[at - 1] === BACKSLASH) continue;
      return true;
    }
  }
  return false;
}

/**
 * The first four bytes from `from` on that may hold a backslash that begins an escape, or the last ones. What makes an escape
 * of it has the fifth bit or, as a slash, the first one; the quotes and line breaks that JSON escapes have neither.
 */
function nextBackslash(view: DataView, from: number): number {
  let at = from;
  for (const last = view.byteLength - 5; at <= last; at += 4) {
    // a byte of it is zero where a backslash stands
    const word = view.getInt32(at, true) ^ 0x5c5c5c5c;
    const zeros = (word - 0x01010101) & ~word & 0x80808080;
    const next = view.getInt32(at + 1, true);
    if ((zeros & ((next << 3) | (next << 7))) !== 0) break;
  }
  return at;
}

/**
 * Undoes, in one pass, `%XX`, `\uXXXX`, `\u{X}`, `\UXXXXXXXX`, `\xXX`, octal `\OOO`, `\/` and numeric HTML entities.
 * `quotedPrintable` also undoes `=XX` and soft line ends. Only what is near an escape is given, parts with a NUL between
 * them: the rest reads as it did. `keepBackslashes` takes `\\` before an escape for two characters, not for one that is
 * escaped. `keepSlashes` leaves `\/`, which a text turned round has at each end of a comment. Returns null when there is
 * nothing to undo.
 */
export function unescapeOnce(
  input: Uint8Array,
  options: {
    withStarts?: boolean;
    quotedPrintable?: boolean;
    keepBackslashes?: boolean;
    keepSlashes?: boolean;
  } = {},
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
      // this and the next are by far the most frequent ones
      const value = ((hex[input[i + 1] ?? 0] ?? -1) << 4) | (hex[input[i + 2] ?? 0] ?? -1);
      if (value >= 0) {
        writer ??= new RegionWriter(input, options.withStarts === true);
        writer.byte(i, 3, value);
        i += 3;
        continue;
      }
    }
    if (byte === BACKSLASH && input[i + 1] === 0x75 && i + 6 <= input.length) {
      const high = ((hex[input[i + 2] ?? 0] ?? -1) << 12) | ((hex[input[i + 3] ?? 0] ?? -1) << 8);
      const value = high | ((hex[input[i + 4] ?? 0] ?? -1) << 4) | (hex[input[i + 5] ?? 0] ?? -1);
      if (value >= 0) {
        escape.value = value;
        escape.length = 6;
        escape.isByte = false;
        escape.before = 0;
        writer ??= new RegionWriter(input, options.withStarts === true);
        writer.escape(i, escape);
        i += 6;
        continue;
      }
    }
    if (options.keepSlashes === true && byte === BACKSLASH && input[i + 1] === SLASH) {
      i++;
      continue;
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
