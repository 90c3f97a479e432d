import { hexValue } from './unescape.ts';

const PERCENT = 0x25;
const BACKSLASH = 0x5c;
/** Bytes within which percent signs behind hex digits are not those of a text about percentages. */
const NEAR = 64;
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
  const wrong: number[] = [];
  const either: number[] = [];
  if (!text.includes(PERCENT)) return false;
  // a search by the platform for each of thousands of signs would cost more
  for (let at = 2; at < text.length; at++) {
    if (text[at] !== PERCENT) continue;
    if (!isHex(text[at - 1]) || !isHex(text[at - 2])) continue;
    const follows = text[at - 3] === PERCENT && isHex(text[at - 4]) && isHex(text[at - 5]);
    if (isHex(text[at + 1]) && isHex(text[at + 2])) {
      if (!follows && isNear(either, at, 5)) return true;
    } else if (follows || isNear(wrong, at, 3)) return true;
  }
  return false;
}

/** Adds a place; whether so many of them are near each other now. */
function isNear(places: number[], at: number, count: number): boolean {
  places.push(at);
  if (places.length > count) places.shift();
  return places.length === count && at - (places[0] ?? 0) < NEAR;
}

function isHex(byte: number | undefined): boolean {
  return byte !== undefined && (hexValue[byte] ?? -1) >= 0;
}
