import { hexValue } from './unescape.ts';

const PERCENT = 0x25;
/** Percent signs behind two hex digits, within this many bytes, that no reader in the usual direction would make. */
const PERCENTS = 4;
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
    holdsBefore(text, 'u\\', 4) ||
    holdsBefore(text, 'x\\', 2) ||
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

function holdsPercents(text: Buffer): boolean {
  const found: number[] = [];
  for (let at = text.indexOf(PERCENT); at >= 0; at = text.indexOf(PERCENT, at + 1)) {
    if (!isHex(text[at - 1]) || !isHex(text[at - 2])) continue;
    if (isHex(text[at + 1]) && isHex(text[at + 2]) && text[at - 3] === PERCENT) continue;
    found.push(at);
    const first = found.at(-PERCENTS);
    if (first !== undefined && at - first < NEAR) return true;
    if (found.length > PERCENTS) found.shift();
  }
  return false;
}

function isHex(byte: number | undefined): boolean {
  return byte !== undefined && (hexValue[byte] ?? -1) >= 0;
}
