import type { FragmentIndex } from '../fragments/fragment-index.ts';
import type { FragmentTally } from '../fragments/fragment-tally.ts';
import { foldByte, sameBytes } from './fold.ts';

/** Something to look for, and what to call it. */
export interface Literal<Owner> {
  readonly owner: Owner;
  readonly encoding: string;
  readonly bytes: Uint8Array;
  readonly caseInsensitive: boolean;
}

export interface LiteralHit<Owner> {
  readonly literal: Literal<Owner>;
  readonly start: number;
  readonly end: number;
}

/** Literals of this length or more are told apart by eight bytes, shorter ones by four. */
const LONG = 11;
const SHORT = 7;
const FOLD = 0x20202020;

/**
 * Finds any of thousands of literals in one pass that reads four bytes at a time.
 *
 * Any seven consecutive bytes hold a four-byte word at each alignment, so for every literal the words at four
 * consecutive places are entered into a table, and the text is probed only at its aligned words. A word that may
 * begin a literal is checked with the following one, then byte by byte. Words are folded to one case; the last check
 * is exact unless the literal or the search is case-insensitive.
 */
export class LiteralSet<Owner> {
  readonly #literals: ReadonlyArray<Literal<Owner>>;
  /** one bit per word, and per pair of words: small enough to stay in the processor's nearest cache */
  readonly #filter: Int32Array;
  readonly #pairs: Int32Array;
  readonly #shift: number;
  readonly #short: ReadonlyMap<number, readonly number[]>;
  readonly #long: ReadonlyMap<number, readonly number[]>;
  readonly #fragments: FragmentIndex | null;
  /** one bit per word that may be part of a fragment */
  readonly #parts: Int32Array;

  /**
   * `fragments` are looked for in the same pass. Throws RangeError on a literal of fewer than seven bytes: it could be
   * missed.
   */
  constructor(literals: ReadonlyArray<Literal<Owner>>, fragments: FragmentIndex | null = null) {
    this.#literals = literals;
    this.#fragments = fragments;
    const words = fragments === null ? [] : [...fragments.words];
    const entries = literals.length * 4 + words.length;
    const bits = Math.min(18, Math.max(12, Math.ceil(Math.log2(entries * 16 + 1))));
    this.#shift = 32 - bits;
    this.#filter = new Int32Array(1 << (bits - 5));
    this.#pairs = new Int32Array(1 << (bits - 5));
    const short = new Map<number, number[]>();
    const long = new Map<number, number[]>();
    literals.forEach((literal, index) => {
      const { bytes } = literal;
      if (bytes.length < SHORT) throw new RangeError('a literal needs at least seven bytes');
      const isLong = bytes.length >= LONG;
      // the middle tells more than the start, which often is a vendor's prefix
      const base = (bytes.length - (isLong ? LONG : SHORT)) >> 1;
      for (let at = base; at < base + 4; at++) {
        const word = wordAt(bytes, at);
        setBit(this.#filter, hash(word) >>> this.#shift);
        const key = isLong ? hashPair(word, wordAt(bytes, at + 4)) : word;
        if (isLong) setBit(this.#pairs, key >>> this.#shift);
        push(isLong ? long : short, key, index * 0x10000 + at);
      }
    });
    this.#short = short;
    this.#long = long;
    this.#parts = new Int32Array(1 << (bits - 5));
    for (const word of words) {
      setBit(this.#filter, hash(word) >>> this.#shift);
      setBit(this.#parts, hashPart(word) >>> this.#shift);
    }
  }

  /** Number of literals. */
  get size(): number {
    return this.#literals.length;
  }

  /**
   * Hits in the order in which they are noticed. `fold` ignores case for every literal (host names have none).
   * Stops after `limit` hits. Parts of values go to `tally`.
   */
  search(
    text: Uint8Array,
    fold: boolean,
    limit: number,
    tally: FragmentTally | null = null,
  ): Array<LiteralHit<Owner>> {
    const hits: Array<LiteralHit<Owner>> = [];
    if (this.#literals.length === 0 || text.length < SHORT) return hits;
    const phase = (4 - (text.byteOffset & 3)) & 3;
    const words = new Int32Array(text.buffer, text.byteOffset + phase, (text.length - phase) >> 2);
    const filter = this.#filter;
    const shift = this.#shift;
    const count = words.length;
    let i = 0;
    while (hits.length < limit) {
      // four at a time: nearly always none of them begins anything
      for (; i + 4 <= count; i += 4) {
        const a = hash((words[i] ?? 0) | FOLD) >>> shift;
        const b = hash((words[i + 1] ?? 0) | FOLD) >>> shift;
        const c = hash((words[i + 2] ?? 0) | FOLD) >>> shift;
        const d = hash((words[i + 3] ?? 0) | FOLD) >>> shift;
        const any =
          ((filter[a >>> 5] ?? 0) >>> a) |
          ((filter[b >>> 5] ?? 0) >>> b) |
          ((filter[c >>> 5] ?? 0) >>> c) |
          ((filter[d >>> 5] ?? 0) >>> d);
        if ((any & 1) !== 0) break;
      }
      if (i >= count) break;
      const end = Math.min(count, i + 4);
      for (; i < end; i++) this.#probe(text, words, i, phase, fold, hits, tally);
    }
    return hits;
  }

  #probe(
    text: Uint8Array,
    words: Int32Array,
    i: number,
    phase: number,
    fold: boolean,
    hits: Array<LiteralHit<Owner>>,
    tally: FragmentTally | null,
  ): void {
    const word = (words[i] ?? 0) | FOLD;
    if (!hasBit(this.#filter, hash(word) >>> this.#shift)) return;
    const at = phase + i * 4;
    if (i + 1 < words.length) {
      const key = hashPair(word, (words[i + 1] ?? 0) | FOLD);
      const found = hasBit(this.#pairs, key >>> this.#shift) ? this.#long.get(key) : undefined;
      if (found !== undefined) this.#verify(text, at, found, fold, hits);
    }
    if (this.#short.size > 0) {
      const found = this.#short.get(word);
      if (found !== undefined) this.#verify(text, at, found, fold, hits);
    }
    if (tally !== null && hasBit(this.#parts, hashPart(word) >>> this.#shift))
      this.#fragments?.probe(text, at, word, fold, tally);
  }

  #verify(
    text: Uint8Array,
    at: number,
    entries: readonly number[],
    fold: boolean,
    hits: Array<LiteralHit<Owner>>,
  ): void {
    for (const entry of entries) {
      const literal = this.#literals[Math.floor(entry / 0x10000)];
      if (literal === undefined) continue;
      const start = at - (entry & 0xffff);
      if (sameBytes(text, start, literal.bytes, fold || literal.caseInsensitive)) {
        hits.push({ literal, start, end: start + literal.bytes.length });
      }
    }
  }
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

function hasBit(bits: Int32Array, slot: number): boolean {
  return (((bits[slot >>> 5] ?? 0) >>> (slot & 31)) & 1) === 1;
}

function hash(word: number): number {
  return Math.imul(word, 0x9e3779b1);
}

/** Another one than `hash`, so that few words pass both by chance. */
function hashPart(word: number): number {
  return Math.imul(word ^ 0x2c1b3c6d, 0x85ebca6b);
}

function hashPair(first: number, second: number): number {
  return Math.imul(first, 0x9e3779b1) ^ Math.imul(second ^ 0x5bd1e995, 0x85ebca6b);
}

function push(map: Map<number, number[]>, key: number, entry: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}
