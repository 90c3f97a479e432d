import type { FragmentIndex } from '../fragments/fragment-index.ts';
import type { FragmentTally } from '../fragments/fragment-tally.ts';
import { sameBytes } from './fold.ts';
import {
  FOLD,
  hasBit,
  hash,
  hashPair,
  hashPart,
  SHORT,
  tablesOf,
  type LiteralTables,
} from './literal-tables.ts';
import { BLOCK, noticed, noticeWords } from './notice-words.ts';

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
  readonly #tables: LiteralTables;
  readonly #fragments: FragmentIndex | null;
  /** null: every one */
  readonly #isWanted: ((owner: Owner) => boolean) | null;

  private constructor(
    literals: ReadonlyArray<Literal<Owner>>,
    tables: LiteralTables,
    fragments: FragmentIndex | null,
    isWanted: ((owner: Owner) => boolean) | null,
  ) {
    this.#literals = literals;
    this.#tables = tables;
    this.#fragments = fragments;
    this.#isWanted = isWanted;
  }

  /**
   * `fragments` are looked for in the same pass. Throws RangeError on a literal of fewer than seven bytes: it could be
   * missed.
   */
  static of<Owner>(
    literals: ReadonlyArray<Literal<Owner>>,
    fragments: FragmentIndex | null = null,
  ): LiteralSet<Owner> {
    const words = fragments === null ? [] : [...fragments.words];
    const tables = tablesOf(
      literals.map((literal) => literal.bytes),
      words,
    );
    return new LiteralSet(literals, tables, fragments, null);
  }

  /**
   * A set that finds the literals of some owners only; shares the tables. `fragments` must hold none that are not in
   * this set.
   */
  only(isWanted: (owner: Owner) => boolean, fragments: FragmentIndex | null): LiteralSet<Owner> {
    const before = this.#isWanted;
    const both = before === null ? isWanted : (owner: Owner) => before(owner) && isWanted(owner);
    return new LiteralSet(this.#literals, this.#tables, fragments, both);
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
    const { filter, shift } = this.#tables;
    const whole = words.length - (words.length % 4);
    for (let from = 0; from < whole; from += BLOCK) {
      const count = noticeWords(words, from, Math.min(whole, from + BLOCK), filter, shift);
      for (let k = 0; k < count; k++) {
        const entry = noticed[k] ?? 0;
        const first = from + ((entry >> 4) << 2);
        for (let i = 0; i < 4; i++)
          if (((entry >> i) & 1) === 1) this.#probe(text, words, first + i, phase, fold, hits, tally);
        if (hits.length >= limit) return hits;
      }
    }
    for (let i = whole; i < words.length && hits.length < limit; i++) {
      if (hasBit(filter, hash((words[i] ?? 0) | FOLD) >>> shift))
        this.#probe(text, words, i, phase, fold, hits, tally);
    }
    return hits;
  }

  /** Looks closer at a word that the filter knows. */
  #probe(
    text: Uint8Array,
    words: Int32Array,
    i: number,
    phase: number,
    fold: boolean,
    hits: Array<LiteralHit<Owner>>,
    tally: FragmentTally | null,
  ): void {
    const { pairs, parts, shift, short, long } = this.#tables;
    const word = (words[i] ?? 0) | FOLD;
    const at = phase + i * 4;
    if (i + 1 < words.length) {
      const key = hashPair(word, (words[i + 1] ?? 0) | FOLD);
      const found = hasBit(pairs, key >>> shift) ? long.get(key) : undefined;
      if (found !== undefined) this.#verify(text, at, found, fold, hits);
    }
    if (short.size > 0) {
      const found = short.get(word);
      if (found !== undefined) this.#verify(text, at, found, fold, hits);
    }
    if (tally !== null && hasBit(parts, hashPart(word) >>> shift))
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
      if (literal === undefined || this.#isWanted?.(literal.owner) === false) continue;
      const start = at - (entry & 0xffff);
      if (sameBytes(text, start, literal.bytes, fold || literal.caseInsensitive)) {
        hits.push({ literal, start, end: start + literal.bytes.length });
      }
    }
  }
}
