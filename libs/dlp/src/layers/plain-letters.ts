import { isAscii } from 'node:buffer';
import { asciiOf } from './ascii-of.ts';

const LIMIT = 0x20000;
const UNKNOWN = 0;
const KEEP = 1;
const DROP = 2;
/** What becomes of a code point: kept, dropped, or replaced by this ASCII character. */
const fates = new Uint8Array(LIMIT).fill(UNKNOWN);
/** Unicode tags: ASCII that nobody sees. */
const TAGS = 0xe0000;

/** Characters that change within so many bytes; fewer are found in ordinary texts, and hide no credential. */
const DENSE = 4;
const WITHIN = 64;
/** Bytes around such a place that are given with it. */
const AROUND = 1024;

/**
 * What a text reads like where many zero-width or combining characters stand in it, or characters that look like ASCII or
 * are a compatible form of it (NFKC), with a NUL between the places. Null when there is no such place.
 */
export function plainLetters(text: Uint8Array): Uint8Array | null {
  if (isAscii(text)) return null;
  const recent = new Int32Array(DENSE).fill(-WITHIN);
  let count = 0;
  let written = 0;
  let out: Uint8Array | null = null;
  let k = 0;
  for (let i = 0; i < text.length;) {
    const byte = text[i] ?? 0;
    if (byte < 0xc2 || ((text[i + 1] ?? 0) & 0xc0) !== 0x80) {
      i++;
      continue;
    }
    const length = lengthOf(byte);
    const codePoint = codePointAt(text, i, length);
    if (codePoint < 0) {
      i++;
      continue;
    }
    if (fateOf(codePoint) !== KEEP) {
      const slot = count++ % DENSE;
      // the one that is DENSE − 1 places before this one
      const first = recent[(slot + 1) % DENSE] ?? -WITHIN;
      recent[slot] = i;
      if (count >= DENSE && i - first < WITHIN) {
        out ??= new Uint8Array(text.length + 1);
        const from = Math.max(written, first - AROUND);
        let to = Math.min(text.length, i + AROUND);
        while (to < text.length && ((text[to] ?? 0) & 0xc0) === 0x80) to++;
        if (from > written && k > 0) out[k++] = 0;
        k = write(text, from, to, out, k);
        written = to;
        i = Math.max(to, i + length);
        continue;
      }
    }
    i += length;
  }
  return out === null ? null : out.subarray(0, k);
}

function write(text: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  let k = at;
  for (let i = from; i < to;) {
    const byte = text[i] ?? 0;
    const length = byte < 0xc2 ? 1 : lengthOf(byte);
    const codePoint = length === 1 ? -1 : codePointAt(text, i, length);
    if (codePoint < 0) {
      out[k++] = byte;
      i++;
      continue;
    }
    const fate = fateOf(codePoint);
    if (fate === KEEP) for (let j = 0; j < length; j++) out[k++] = text[i + j] ?? 0;
    else if (fate !== DROP) out[k++] = fate;
    i += length;
  }
  return k;
}

function lengthOf(first: number): number {
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

function fateOf(codePoint: number): number {
  if (codePoint >= LIMIT) {
    const tag = codePoint - TAGS;
    return tag >= 0x20 && tag < 0x7f ? tag : tag >= 0 && tag < 0x1f0 ? DROP : KEEP;
  }
  const known = fates[codePoint] ?? UNKNOWN;
  if (known !== UNKNOWN) return known;
  const fate = compute(codePoint);
  fates[codePoint] = fate;
  return fate;
}

function compute(codePoint: number): number {
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return KEEP;
  const char = String.fromCodePoint(codePoint);
  if (/[\p{Cf}\p{Mn}\p{Me}]/u.test(char)) return DROP;
  // signs of other scripts stand in their texts
  const compatible = char.normalize('NFKC');
  if (/^[0-9A-Za-z%\\]$/.test(compatible)) return compatible.charCodeAt(0);
  // letters with accents are what they are
  return /^[\0-\x7f]/.test(char.normalize('NFD')) ? KEEP : asciiOf(codePoint) || KEEP;
}

/** The code point of a whole sequence, -1: there is none. */
function codePointAt(text: Uint8Array, at: number, length: number): number {
  if (at + length > text.length) return -1;
  let value = (text[at] ?? 0) & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = text[at + i] ?? 0;
    if ((byte & 0xc0) !== 0x80) return -1;
    value = (value << 6) | (byte & 0x3f);
  }
  return value > 0x10ffff ? -1 : value;
}
