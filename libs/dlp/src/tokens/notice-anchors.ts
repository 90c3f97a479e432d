import { PROBE_SHIFT, probeOf } from './token-anchors.ts';

/** Makes letters equal in either case, four bytes at once. */
const FOLD = 0x20202020;
/** Words that are read before what was noticed among them is looked at, a multiple of two. */
export const BLOCK = 4096;
/** What `noticeAnchors` gave, which the next call overwrites: 16 times how far from `from` a word is, and a bit for each place. */
export const noticed = new Int32Array(BLOCK / 2);

/**
 * Reads two words at a time and writes to `noticed` the first of two where `probes` knows what stands at any of four places:
 * two bytes before that word (bit 0), at it, two bytes after it, and at the next word (bit 3). Returns how many there are.
 * Apart from whatever follows: with calls in the loop, the compiler keeps its variables in memory.
 *
 * @param from index of a word that is not the first
 * @param to an even number of words later, at most `BLOCK`
 */
export function noticeAnchors(words: Int32Array, from: number, to: number, probes: Int32Array): number {
  const out = noticed;
  // in a bundle these are variables
  const fold = FOLD;
  const shift = PROBE_SHIFT;
  let count = 0;
  let previous = (words[from - 1] ?? 0) | fold;
  for (let i = from; i < to; i += 2) {
    const first = (words[i] ?? 0) | fold;
    const second = (words[i + 1] ?? 0) | fold;
    const a = probeOf((previous >>> 16) | (first << 16), shift);
    const b = probeOf(first, shift);
    const c = probeOf((first >>> 16) | (second << 16), shift);
    const d = probeOf(second, shift);
    previous = second;
    const inA = (probes[a >>> 5] ?? 0) >>> a;
    const inB = (probes[b >>> 5] ?? 0) >>> b;
    const inC = (probes[c >>> 5] ?? 0) >>> c;
    const inD = (probes[d >>> 5] ?? 0) >>> d;
    if (((inA | inB | inC | inD) & 1) !== 0) {
      out[count++] = ((i - from) << 4) | (inA & 1) | ((inB & 1) << 1) | ((inC & 1) << 2) | ((inD & 1) << 3);
    }
  }
  return count;
}
