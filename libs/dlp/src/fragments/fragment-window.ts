import { performance } from 'node:perf_hooks';
import type { FragmentValue } from './fragment-index.ts';
import { GRAM } from './fragment-index.ts';

/** How long what left is remembered, in milliseconds. */
export const WINDOW_MS = 10 * 60_000;
/** The part of a value's grams that must be covered for it to count as given away. */
const ENOUGH = 0.6;

/**
 * Remembers which parts of known values left lately, for one bottle: scanners that share a window see a value that is
 * sent in pieces over several requests. It holds times and hashes, no value and no content, so its size does not
 * depend on the traffic and nothing can be flushed out of it before its time.
 */
export class FragmentWindow {
  readonly #now: () => number;
  /** for each value, by its hash, when each of its bytes left */
  readonly #left = new Map<string, Float64Array>();

  /** `now` in milliseconds, monotonic */
  constructor(options: { readonly now?: () => number } = {}) {
    this.#now = options.now ?? (() => performance.now());
  }

  /** Whether what left in the last ten minutes and `covered`, which adds something to it, give the value away. */
  givesAway(value: FragmentValue, covered: Uint8Array): boolean {
    const since = this.#now() - WINDOW_MS;
    const left = this.#left.get(value.sha256);
    const isOut = (at: number): boolean => left !== undefined && (left[at] ?? -Infinity) >= since;
    let adds = false;
    let run = 0;
    let found = 0;
    let all = 0;
    const counted = countedGrams(value.bytes);
    for (let at = 0; at < value.bytes.length; at++) {
      const isNew = covered[at] === 1 && !isOut(at);
      adds ||= isNew;
      run = isNew || isOut(at) ? run + 1 : 0;
      if (counted[at] !== 1) continue;
      all++;
      if (run >= GRAM) found++;
    }
    return adds && all > 0 && found >= Math.ceil(all * ENOUGH);
  }

  /** Records that the covered bytes leave now. */
  add(value: FragmentValue, covered: Uint8Array): void {
    const now = this.#now();
    const left = this.#left.get(value.sha256) ?? new Float64Array(value.bytes.length).fill(-Infinity);
    this.#left.set(value.sha256, left);
    for (let at = 0; at < left.length; at++) if (covered[at] === 1) left[at] = now;
  }
}

const known = new WeakMap<Uint8Array, Uint8Array>();

/**
 * 1 for each place at which a gram ends that counts. Alphabets and counting tell nothing; grams of one kind of character
 * (words, host names) stand in other texts too and count only where there is hardly anything else. A value with fewer
 * grams that count than this is searched whole only.
 */
function countedGrams(value: Uint8Array): Uint8Array {
  const cached = known.get(value);
  if (cached !== undefined) return cached;
  const every = new Uint8Array(value.length);
  const telling = new Uint8Array(value.length);
  let tellingCount = 0;
  let count = 0;
  for (let end = GRAM - 1; end < value.length; end++) {
    const gram = value.subarray(end - GRAM + 1, end + 1);
    if (isInOrder(gram)) continue;
    every[end] = 1;
    count++;
    if (kindsOf(gram) < 2) continue;
    telling[end] = 1;
    tellingCount++;
  }
  const counted = tellingCount >= GRAM ? telling : count >= GRAM ? every : new Uint8Array(value.length);
  known.set(value, counted);
  return counted;
}

/** Whether most characters follow their neighbour, or repeat it. */
function isInOrder(gram: Uint8Array): boolean {
  let steps = 0;
  for (let i = 1; i < gram.length; i++) if (Math.abs((gram[i] ?? 0) - (gram[i - 1] ?? 0)) <= 1) steps++;
  return steps >= 5;
}

/** How many of lower case, upper case, digits and other bytes beyond ASCII there are. */
function kindsOf(gram: Uint8Array): number {
  let kinds = 0;
  for (const byte of gram) {
    if (byte >= 0x61 && byte <= 0x7a) kinds |= 1;
    else if (byte >= 0x41 && byte <= 0x5a) kinds |= 2;
    else if (byte >= 0x30 && byte <= 0x39) kinds |= 4;
    else if (byte >= 0x80) kinds |= 8;
  }
  return [1, 2, 4, 8].filter((kind) => (kinds & kind) !== 0).length;
}
