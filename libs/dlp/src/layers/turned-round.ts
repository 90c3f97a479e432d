import { hexValue } from './read-escape.ts';

const PERCENT = 0x25;
const BACKSLASH = 0x5c;
/** Bytes within which percent signs behind hex digits are not those of a text about percentages. */
const NEAR = 64;
/** How many of them must be that near: where the digits can only belong to them, and where those after them could too. */
const WRONG = 3;
const EITHER = 5;
/**
 * The text backwards, when escapes or compressed text may stand in it in that direction; null for nearly every text.
 * Values and credentials that are only reversed are found without this.
 *
 * @param endsCompressed whether a run of base64 ends as those of compressed text begin
 */
export function turnedRound(bytes: Uint8Array, endsCompressed: boolean): Uint8Array | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const isWorthIt =
    endsCompressed ||
    (text.includes(BACKSLASH) && (holdsBefore(text, 'u\\', 4) || holdsBefore(text, 'x\\', 2))) ||
    holdsBefore(text, '#&', 2) ||
    holdsPercents(text);
  return isWorthIt ? Uint8Array.from(bytes).reverse() : null;
}

/** Whether hex digits stand before `sign`. */
function holdsBefore(text: Buffer, sign: string, digits: number): boolean {
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
    let count = 0;
    while (count < digits && isHex(text[at - 1 - count])) count++;
    if (count === digits) return true;
  }
  return false;
}

/**
 * In the usual direction a percent sign stands before two hex digits; where they stand before it, it may be the other
 * way round. Hex that is escaped in part reads either way, so there more of them are needed.
 */
function holdsPercents(text: Buffer): boolean {
  const hex = hexValue;
  const wrong = new Int32Array(WRONG).fill(-NEAR);
  const either = new Int32Array(EITHER).fill(-NEAR);
  let wrongCount = 0;
  let eitherCount = 0;
  const first = text.indexOf(PERCENT);
  if (first < 0) return false;
  const view = new DataView(text.buffer, text.byteOffset, text.length);
  for (let at = Math.max(2, first); at < text.length; at++) {
    // a search by the platform for each of thousands of signs would cost more than a look at four bytes at a time
    for (; at + 4 <= text.length; at += 4) {
      // a byte of it is zero where a percent sign stands
      const word = view.getInt32(at, true) ^ 0x25252525;
      const zeros = (word - 0x01010101) & ~word & 0x80808080;
      if (zeros === 0) continue;
      // the lowest of them is one for certain
      at += (31 - Math.clz32(zeros & -zeros)) >> 3;
      break;
    }
    if (text[at] !== PERCENT) continue;
    if (((hex[text[at - 1] ?? 0] ?? -1) | (hex[text[at - 2] ?? 0] ?? -1)) < 0) continue;
    const follows = text[at - 3] === PERCENT && isHex(text[at - 4]) && isHex(text[at - 5]);
    if (isHex(text[at + 1]) && isHex(text[at + 2])) {
      if (follows) continue;
      // the place that is overwritten later is the one of so many signs before
      either[eitherCount++ % EITHER] = at;
      if (at - (either[eitherCount % EITHER] ?? 0) < NEAR) return true;
    } else {
      if (follows) return true;
      wrong[wrongCount++ % WRONG] = at;
      if (at - (wrong[wrongCount % WRONG] ?? 0) < NEAR) return true;
    }
  }
  return false;
}

function isHex(byte: number | undefined): boolean {
  return byte !== undefined && (hexValue[byte] ?? -1) >= 0;
}
