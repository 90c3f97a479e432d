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

/**
 * The text with zero-width and combining characters gone and with ASCII for what looks like ASCII or is a compatible
 * form of it (NFKC); everything else stays. Null when that changes nothing.
 */
export function plainLetters(text: Uint8Array): Uint8Array | null {
  if (isAscii(text)) return null;
  const out = new Uint8Array(text.length);
  let k = 0;
  let isChanged = false;
  for (let i = 0; i < text.length;) {
    const byte = text[i] ?? 0;
    const length = byte < 0xc2 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    const codePoint = length === 1 ? -1 : codePointAt(text, i, length);
    if (codePoint < 0) {
      out[k++] = byte;
      i++;
      continue;
    }
    const fate = fateOf(codePoint);
    if (fate === KEEP) for (let j = 0; j < length; j++) out[k++] = text[i + j] ?? 0;
    else {
      isChanged = true;
      if (fate !== DROP) out[k++] = fate;
    }
    i += length;
  }
  return isChanged ? out.subarray(0, k) : null;
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
  const ascii = asciiOf(codePoint);
  if (ascii !== 0) return ascii;
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return KEEP;
  const char = String.fromCodePoint(codePoint);
  if (/[\p{Cf}\p{Mn}\p{Me}]/u.test(char)) return DROP;
  const compatible = char.normalize('NFKC');
  return /^[\x20-\x7e]$/.test(compatible) ? compatible.charCodeAt(0) : KEEP;
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
