import { foldByte } from './fold.ts';

/** Literals of this length or more are told apart by eight bytes, shorter ones by four. */
const LONG = 11;
/** Shortest literal that cannot be missed. */
export const SHORT = 7;
/** Makes letters equal in either case, four bytes at once. */
export const FOLD = 0x20202020;

/** What is looked up while a text is read. */
export interface LiteralTables {
  /** one bit per word, and per pair of words: small enough to stay in the processor's nearest cache */
  readonly filter: Int32Array;
  readonly pairs: Int32Array;
  /** one bit per word that may be part of a fragment */
  readonly parts: Int32Array;
  readonly shift: number;
  /** by word, and by pair of words: index of the literal times 0x10000, and where in it the word stands */
  readonly short: ReadonlyMap<number, readonly number[]>;
  readonly long: ReadonlyMap<number, readonly number[]>;
}

/** `words` may begin a fragment. Throws RangeError on a literal of fewer than seven bytes: it could be missed. */
export function tablesOf(literals: readonly Uint8Array[], words: readonly number[]): LiteralTables {
  const entries = literals.length * 4 + words.length;
  const bits = Math.min(18, Math.max(12, Math.ceil(Math.log2(entries * 32 + 1))));
  const shift = 32 - bits;
  const filter = new Int32Array(1 << (bits - 5));
  const pairs = new Int32Array(1 << (bits - 5));
  const parts = new Int32Array(1 << (bits - 5));
  const short = new Map<number, number[]>();
  const long = new Map<number, number[]>();
  literals.forEach((bytes, index) => {
    if (bytes.length < SHORT) throw new RangeError('a literal needs at least seven bytes');
    const isLong = bytes.length >= LONG;
    // the middle tells more than the start, which often is a vendor's prefix
    const base = (bytes.length - (isLong ? LONG : SHORT)) >> 1;
    for (let at = base; at < base + 4; at++) {
      const word = wordAt(bytes, at);
      setBit(filter, hash(word) >>> shift);
      const key = isLong ? hashPair(word, wordAt(bytes, at + 4)) : word;
      if (isLong) setBit(pairs, key >>> shift);
      push(isLong ? long : short, key, index * 0x10000 + at);
    }
  });
  for (const word of words) {
    setBit(filter, hash(word) >>> shift);
    setBit(parts, hashPart(word) >>> shift);
  }
  return { filter, pairs, parts, shift, short, long };
}

const scratch = new Uint8Array(4);
const scratchWord = new Uint32Array(scratch.buffer);

/** Read through memory so that it agrees with the text on any byte order. */
function wordAt(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < 4; i++) scratch[i] = foldByte(bytes[at + i] ?? 0);
  return (scratchWord[0] ?? 0) | 0;
}

function setBit(bits: Int32Array, slot: number): void {
  bits[slot >>> 5] = (bits[slot >>> 5] ?? 0) | (1 << (slot & 31));
}

export function hasBit(bits: Int32Array, slot: number): boolean {
  return (((bits[slot >>> 5] ?? 0) >>> (slot & 31)) & 1) === 1;
}

export function hash(word: number): number {
  return Math.imul(word, 0x9e3779b1);
}

/** Another one than `hash`, so that few words pass both by chance. */
export function hashPart(word: number): number {
  return Math.imul(word ^ 0x2c1b3c6d, 0x85ebca6b);
}

export function hashPair(first: number, second: number): number {
  return Math.imul(first, 0x9e3779b1) ^ Math.imul(second ^ 0x5bd1e995, 0x85ebca6b);
}

function push(map: Map<number, number[]>, key: number, entry: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}
