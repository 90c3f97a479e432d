import { isHex, type Source } from './run-codec.ts';

/** What follows `e` in base64 of a zlib header: 78 01, 78 5E, 78 9C, 78 DA. */
const zlibSecond = new Uint8Array(256);
for (const char of 'AFJN') zlibSecond[char.charCodeAt(0)] = 1;
/** 1 for what ends a segment of a path or a word of a name */
const endsSegment = new Uint8Array(256);
for (const char of '/-_+') endsSegment[char.charCodeAt(0)] = 1;

/** Places that `afterSegments` gave, at most five, which the next call overwrites. */
export const innerPlaces = new Int32Array(6);

/**
 * Finds where a run of its own may begin after segments of a path or words of a name, one place for each phase that
 * groups of four can have; those of the whole run were decoded with it. Returns how many there are in `innerPlaces`.
 *
 * @param minRun length of the shortest run
 * @param maxInner length of the longest one that is decoded on its own
 */
export function afterSegments(
  source: Source,
  start: number,
  end: number,
  minRun: number,
  maxInner: number,
): number {
  const text = source.bytes;
  const table = endsSegment;
  // base64 of a zlib header may stand after a few other letters
  let one = zlibAt(text, start + 1);
  let two = zlibAt(text, start + 2);
  let three = zlibAt(text, start + 3);
  let zero = -1;
  let from = start;
  for (let at = start; at < end && at - from < minRun; at++) {
    if (table[text[at] ?? 0] === 0) continue;
    from = at + 1;
    if (end - from < minRun) continue;
    const phase = (from - start) & 3;
    if (phase === 1) one = one < 0 ? from : one;
    else if (phase === 2) two = two < 0 ? from : two;
    else if (phase === 3) three = three < 0 ? from : three;
    else zero = zero < 0 ? from : zero;
  }
  const places = innerPlaces;
  let count = 0;
  if (one >= 0) places[count++] = one;
  if (two >= 0) places[count++] = two;
  if (three >= 0) places[count++] = three;
  if (zero >= 0 && isHex(source, zero, Math.min(end, zero + maxInner))) places[count++] = zero;
  // a rule of dashes has places of every phase before what it underlines
  if (from !== start && end - from >= minRun && ((from - start) & 3) !== 0) {
    if (from !== one && from !== two && from !== three) places[count++] = from;
  }
  return count;
}

function zlibAt(text: Uint8Array, at: number): number {
  return at + 1 < text.length && text[at] === 0x65 && zlibSecond[text[at + 1] ?? 0] === 1 ? at : -1;
}

/** Whether base64 of the first bytes of zlib, gzip (`H4sI`) or zstd (`KLUv`) stands before `end`, backwards. */
export function isMagicBackwards(text: Uint8Array, end: number): boolean {
  const last = text[end - 1];
  if (last === 0x65) return zlibSecond[text[end - 2] ?? 0] === 1;
  if (last !== 0x48 && last !== 0x4b) return false;
  return ['Is4H', 'vULK'].includes(Buffer.from(text.subarray(end - 4, end)).toString('latin1'));
}
