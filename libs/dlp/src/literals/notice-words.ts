import { FOLD, hash } from './literal-tables.ts';

/** Words that are read before what was noticed among them is looked at, a multiple of four. */
export const BLOCK = 4096;
/**
 * What `noticeWords` gave, which the next call overwrites: four times how far from `from` the first of four words is, and a
 * bit for each of them.
 */
export const noticed = new Int32Array(BLOCK / 4);

/**
 * Reads four words at a time, as nearly always none of them begins anything, and writes to `noticed` which
 * ones `filter` knows. Returns how many fours have such a one. Apart from whatever follows: with calls in the loop, the compiler
 * keeps its variables in memory.
 *
 * @param from a multiple of four
 * @param to at most `BLOCK` words later, and a multiple of four
 */
export function noticeWords(
  words: Int32Array,
  from: number,
  to: number,
  filter: Int32Array,
  shift: number,
): number {
  const out = noticed;
  // in a bundle it is a variable
  const fold = FOLD;
  let count = 0;
  for (let i = from; i < to; i += 4) {
    const a = hash((words[i] ?? 0) | fold) >>> shift;
    const b = hash((words[i + 1] ?? 0) | fold) >>> shift;
    const c = hash((words[i + 2] ?? 0) | fold) >>> shift;
    const d = hash((words[i + 3] ?? 0) | fold) >>> shift;
    const inA = (filter[a >>> 5] ?? 0) >>> a;
    const inB = (filter[b >>> 5] ?? 0) >>> b;
    const inC = (filter[c >>> 5] ?? 0) >>> c;
    const inD = (filter[d >>> 5] ?? 0) >>> d;
    if (((inA | inB | inC | inD) & 1) !== 0) {
      out[count++] = ((i - from) << 2) | (inA & 1) | ((inB & 1) << 1) | ((inC & 1) << 2) | ((inD & 1) << 3);
    }
  }
  return count;
}
