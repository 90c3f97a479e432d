import { foldByte } from '../literals/fold.ts';
import type { FragmentTally } from './fragment-tally.ts';
import { spellingsOf, type FragmentSpelling } from './fragment-spellings.ts';

/** Length of the pieces by which a part of a value is told. */
export const GRAM = 8;
/** Bytes that are compared at once from a word on. */
const REACH = 64;
/** Places of one word in the spellings that are followed: a value that repeats itself has many. */
const MAX_PLACES = 8;

/** A value that is recognised by its parts. */
export interface FragmentValue {
  readonly detector: 'known_secrets' | 'canary';
  readonly rule: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

interface Place {
  readonly value: FragmentValue;
  readonly spelling: FragmentSpelling;
  readonly at: number;
}

/**
 * Finds eight-byte parts of spellings of values in a text that another search reads four bytes at a time: any eight
 * consecutive bytes hold one whole aligned word, from which the rest is compared.
 */
export class FragmentIndex {
  readonly #places = new Map<number, Place[]>();

  constructor(values: readonly FragmentValue[], kind: 'plain' | 'skeleton') {
    for (const value of values) {
      for (const spelling of spellingsOf(value.bytes, kind)) {
        for (let at = 0; at + 4 <= spelling.bytes.length; at++) {
          const word = foldedWord(spelling.bytes, at);
          const list = this.#places.get(word) ?? [];
          this.#places.set(word, list);
          if (list.length < MAX_PLACES) list.push({ value, spelling, at });
        }
      }
    }
  }

  /** The words at which `probe` is to be called. */
  get words(): Iterable<number> {
    return this.#places.keys();
  }

  /** Compares what stands around the word at `at`; constant work. */
  probe(text: Uint8Array, at: number, word: number, fold: boolean, tally: FragmentTally): void {
    const places = this.#places.get(word);
    if (places === undefined) return;
    for (const { value, spelling, at: from } of places) {
      // the word before has told of this one
      if (tally.isCompared(spelling, at - from, at + 4)) continue;
      const anyCase = fold || spelling.anyCase;
      const { bytes } = spelling;
      let right = 0;
      const most = Math.min(REACH, bytes.length - from, text.length - at);
      while (right < most && isSame(text[at + right] ?? 0, bytes[from + right] ?? 0, anyCase)) right++;
      if (right < 4) continue;
      let left = 0;
      const least = Math.max(4 - GRAM, -from, -at);
      while (left > least && isSame(text[at + left - 1] ?? 0, bytes[from + left - 1] ?? 0, anyCase)) left--;
      if (right - left < GRAM) continue;
      const [start, end] = spelling.place(from + left, from + right);
      tally.mark(value, start, end, at + left, at + right);
      // where it was not compared to the end of what is the same, the last word has more to tell
      tally.compared(spelling, at - from, at + (right === REACH ? REACH - 1 : right));
    }
  }
}

function isSame(a: number, b: number, anyCase: boolean): boolean {
  return a === b || (anyCase && lower(a) === lower(b));
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

const scratch = new Uint8Array(4);
const scratchWord = new Uint32Array(scratch.buffer);

function foldedWord(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < 4; i++) scratch[i] = foldByte(bytes[at + i] ?? 0);
  return (scratchWord[0] ?? 0) | 0;
}
