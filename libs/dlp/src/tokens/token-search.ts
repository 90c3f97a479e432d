import type { TokenRule } from './token-rule.ts';

export interface TokenHit {
  readonly rule: TokenRule;
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

interface Anchor {
  readonly rule: TokenRule;
  readonly text: string;
  /** where in the anchor the three bytes are by which it is noticed */
  readonly at: number;
}

interface State {
  /** the bytes, one character each, made when they are needed */
  text: string | null;
  readonly accepts: (hit: TokenHit) => boolean;
}

const FOLD = 0x20202020;

/**
 * Finds credential formats: one pass looks every three bytes up in a table, and only where an anchor of a rule stands
 * the rule's pattern is tried.
 */
export class TokenSearch {
  readonly #filter = new Uint8Array(1 << 16);
  readonly #anchors = new Map<number, Anchor[]>();

  constructor(rules: readonly TokenRule[]) {
    for (const rule of rules) {
      for (const text of rule.anchors) {
        if (text.length < 3) throw new RangeError(`anchor of ${rule.id} is too short`);
        const at = rarest(text);
        const key = trigram(text, at);
        this.#filter[slotOf(key)] = 1;
        const list = this.#anchors.get(key);
        if (list === undefined) this.#anchors.set(key, [{ rule, text, at }]);
        else list.push({ rule, text, at });
      }
    }
  }

  /** Accepted hits in the order of their anchors, at most a few over `limit`. */
  search(bytes: Uint8Array, limit: number, accepts: (hit: TokenHit) => boolean): TokenHit[] {
    const hits: TokenHit[] = [];
    const state: State = { text: null, accepts };
    const filter = this.#filter;
    const phase = Math.min(bytes.length, (4 - (bytes.byteOffset & 3)) & 3);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + phase, (bytes.length - phase) >> 2);
    let previous = 0;
    for (let i = 0; i < phase; i++) previous = (previous >>> 8) | (((bytes[i] ?? 0) | 0x20) << 24);
    if (phase === 3) this.#check(bytes, 0, previous >>> 8, state, hits);
    let at = phase;
    for (let i = 0; i < words.length; i++, at += 4) {
      const current = (words[i] ?? 0) | FOLD;
      const a = (previous >>> 16) | ((current & 0xff) << 16);
      const b = (previous >>> 24) | ((current & 0xffff) << 8);
      const c = current & 0xffffff;
      const d = current >>> 8;
      previous = current;
      const any =
        (filter[slotOf(a)] ?? 0) |
        (filter[slotOf(b)] ?? 0) |
        (filter[slotOf(c)] ?? 0) |
        (filter[slotOf(d)] ?? 0);
      if (any === 0) continue;
      this.#check(bytes, at - 2, a, state, hits);
      this.#check(bytes, at - 1, b, state, hits);
      this.#check(bytes, at, c, state, hits);
      this.#check(bytes, at + 1, d, state, hits);
      if (hits.length >= limit) return hits;
    }
    for (; at < bytes.length; at++) {
      previous = (previous >>> 8) | (((bytes[at] ?? 0) | 0x20) << 24);
      this.#check(bytes, at - 2, previous >>> 8, state, hits);
    }
    return hits;
  }

  #check(bytes: Uint8Array, at: number, key: number, state: State, hits: TokenHit[]): void {
    if (this.#filter[slotOf(key)] === 0) return;
    for (const anchor of this.#anchors.get(key) ?? []) {
      const start = at - anchor.at;
      if (start < 0 || !standsAt(bytes, start, anchor)) continue;
      // one character per byte, so that offsets in the text are offsets in the bytes
      state.text ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
      const hit = tryRule(anchor.rule, state.text, start);
      if (hit === null || !state.accepts(hit)) continue;
      // anchors of one rule may overlap
      if (!hits.some((other) => other.rule === hit.rule && other.start === hit.start)) hits.push(hit);
    }
  }
}

function tryRule(rule: TokenRule, text: string, start: number): TokenHit | null {
  if (rule.notAfter !== null && start > 0 && rule.notAfter.test(text[start - 1] ?? '')) return null;
  rule.pattern.lastIndex = start;
  const match = rule.pattern.exec(text);
  if (match === null) return null;
  const value = match[1] ?? match[0];
  if (rule.isValid !== undefined && !rule.isValid(value, match)) return null;
  const end = start + match[0].length;
  return { rule, start: end - value.length, end, value };
}

function standsAt(bytes: Uint8Array, start: number, anchor: Anchor): boolean {
  const anyCase = anchor.rule.anyCase === true;
  for (let i = 0; i < anchor.text.length; i++) {
    const byte = bytes[start + i] ?? 0;
    const wanted = anchor.text.charCodeAt(i);
    if (byte !== wanted && !(anyCase && (byte | 0x20) === (wanted | 0x20))) return false;
  }
  return true;
}

function slotOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> 16;
}

function trigram(text: string, at: number): number {
  const [a, b, c] = [0, 1, 2].map((i) => text.charCodeAt(at + i) | 0x20);
  return (a ?? 0) | ((b ?? 0) << 8) | ((c ?? 0) << 16);
}

/** The three characters of an anchor that text holds least: signs and digits tell more than letters. */
function rarest(text: string): number {
  let best = 0;
  let bestScore = -1;
  for (let at = 0; at + 3 <= text.length; at++) {
    const part = text.slice(at, at + 3);
    const score = Array.from(part).reduce((sum, char) => sum + rarity(char), 0);
    if (score > bestScore) [best, bestScore] = [at, score];
  }
  return best;
}

function rarity(char: string): number {
  if (/[a-z]/i.test(char)) return 'jkqvwxz'.includes(char.toLowerCase()) ? 2 : 0;
  return char === '-' || char === '/' ? 1 : 2;
}
