import { createHash } from 'node:crypto';
import type { AllowEntry } from '../contracts.ts';
import { endsBreak } from '../layers/escaped-break.ts';
import { isAllowed } from '../findings/is-allowed.ts';
import { isMnemonic, mnemonicLengths } from '../seed/mnemonic.ts';
import { seedWords } from '../seed/seed-words.ts';
import type { Hit, LayerDetector, LayerOptions } from './hit.ts';

const RULE = 'seed_phrase/bip39';
/** Most bytes between two words: quotes, commas, numbers, line breaks with indentation. */
const MAX_GAP = 24;
const MIN_WORD = 3;
const MAX_WORD = 8;
const SHORTEST = mnemonicLengths[4];

interface Word {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

let byCode: ReadonlyMap<number, number> | null = null;

/** Searches BIP-39 mnemonics in English: 12 to 24 words of the list with a right checksum, whatever separates them. */
export class SeedPhrases implements LayerDetector {
  readonly #allow: readonly AllowEntry[];
  readonly #words: ReadonlyMap<number, number>;

  constructor(allow: readonly AllowEntry[]) {
    byCode ??= new Map(seedWords.map((word, index) => [codeOf(word), index]));
    this.#words = byCode;
    this.#allow = allow;
  }

  search(text: Uint8Array, options: LayerOptions): Hit[] {
    if (!options.isText) return [];
    const hits: Hit[] = [];
    let run: Word[] = [];
    const close = (): void => {
      if (run.length >= SHORTEST) this.#searchRun(run, hits, options.limit);
      run = [];
    };
    for (let i = 0; i < text.length && hits.length < options.limit; i++) {
      if (!isLetter(text[i] ?? 0)) continue;
      // a line break as JSON writes it
      if (endsBreak(text, i)) continue;
      const start = i;
      let code = 0;
      for (; i < text.length && isLetter(text[i] ?? 0); i++) {
        if (i - start < MAX_WORD) code = code * 32 + ((text[i] ?? 0) & 31);
      }
      const length = i - start;
      const index = length < MIN_WORD || length > MAX_WORD ? undefined : this.#words.get(code);
      const last = run.at(-1);
      if (last !== undefined && start - last.end > MAX_GAP) close();
      if (index === undefined) close();
      else run.push({ index, start, end: i });
    }
    close();
    return hits;
  }

  #searchRun(run: readonly Word[], hits: Hit[], limit: number): void {
    for (let at = 0; at + SHORTEST <= run.length && hits.length < limit; at++) {
      // the list itself, and other dictionaries
      if (isSorted(run, at)) continue;
      const length = mnemonicLengths.find(
        (words) =>
          at + words <= run.length && isMnemonic(run.slice(at, at + words).map((word) => word.index)),
      );
      if (length === undefined) continue;
      const hit = hitOf(run.slice(at, at + length));
      if (isAllowed(this.#allow, hit)) continue;
      hits.push(hit);
      at += length - 1;
    }
  }
}

function hitOf(words: readonly Word[]): Hit {
  const phrase = words.map((word) => seedWords[word.index]).join(' ');
  return {
    detector: 'seed_phrase',
    rule: RULE,
    severity: 'critical',
    sha256: createHash('sha256').update(phrase).digest('hex'),
    start: words[0]?.start ?? 0,
    end: words.at(-1)?.end ?? 0,
  };
}

function isSorted(run: readonly Word[], from: number): boolean {
  for (let i = from + 1; i < from + SHORTEST; i++) {
    if ((run[i]?.index ?? 0) < (run[i - 1]?.index ?? 0)) return false;
  }
  return true;
}

function isLetter(byte: number): boolean {
  const folded = byte | 0x20;
  return folded >= 0x61 && folded <= 0x7a;
}

/** The letters of `\n`, `\r` and `\t`. */
/** A word of up to eight letters as one number. */
function codeOf(word: string): number {
  let code = 0;
  for (const char of word) code = code * 32 + (char.charCodeAt(0) & 31);
  return code;
}
