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
  /** stands at the end of a credential that is written backwards */
  readonly isBackwards: boolean;
  /** where in the anchor the three bytes are by which it is noticed */
  readonly at: number;
}

interface State {
  /** the bytes, one character each, made when they are needed */
  text: string | null;
  /** first place that was not looked at yet */
  next: number;
  readonly accepts: (hit: TokenHit) => boolean;
}

const FOLD = 0x20202020;
/** Longest credential that is found backwards. */
const BACKWARDS = 512;
/** Characters of a credential's body that must stand before an anchor written backwards. */
const MIN_BACKWARDS = 12;
/** 1 for what credentials consist of */
const isBody = new Uint8Array(256);
for (const char of '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-+/=.:@~')
  isBody[char.charCodeAt(0)] = 1;
/** Bits of the table of probes: small enough to stay in the processor's nearest cache. */
const PROBE_SHIFT = 32 - 18;

/**
 * Finds credential formats: one pass looks up three bytes at every second place, which is enough because each anchor
 * is entered as it is seen from either. Near what the table knows every place is looked at, and only where an anchor
 * of a rule stands the rule's pattern is tried.
 */
export class TokenSearch {
  readonly #probes = new Int32Array(1 << 13);
  readonly #filter = new Uint8Array(1 << 16);
  readonly #anchors = new Map<number, Anchor[]>();

  constructor(rules: readonly TokenRule[]) {
    for (const rule of rules) {
      for (const text of rule.anchors) {
        if (text.length < 3) throw new RangeError(`anchor of ${rule.id} is too short`);
        this.#enter(rule, text, false);
        // shorter ones are everywhere, and may have anything beside them; those with other signs begin no single word
        if (/^[A-Za-z0-9_.-]{4,}$/.test(text))
          this.#enter(rule, Array.from(text).toReversed().join(''), true);
      }
    }
  }

  #enter(rule: TokenRule, text: string, isBackwards: boolean): void {
    const at = rarest(text);
    const key = trigram(text, at);
    this.#filter[slotOf(key)] = 1;
    for (const seen of [key, ...besides(text, at, rule.notAfter)]) {
      const slot = probeOf(seen);
      this.#probes[slot >>> 5] = (this.#probes[slot >>> 5] ?? 0) | (1 << slot);
    }
    const list = this.#anchors.get(key) ?? [];
    this.#anchors.set(key, list);
    list.push({ rule, text, isBackwards, at });
  }

  /** Accepted hits in the order of their anchors, at most a few over `limit`. */
  search(bytes: Uint8Array, limit: number, accepts: (hit: TokenHit) => boolean): TokenHit[] {
    const hits: TokenHit[] = [];
    const state: State = { text: null, next: 0, accepts };
    const probes = this.#probes;
    const phase = (4 - (bytes.byteOffset & 3)) & 3;
    // Too short for a word of its own at an aligned place.
    if (bytes.length < phase) {
      this.#checkAll(bytes, bytes.length, state, hits);
      return hits;
    }
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + phase, (bytes.length - phase) >> 2);
    this.#checkAll(bytes, phase + 2, state, hits);
    let previous = (words[0] ?? 0) | FOLD;
    let i = 1;
    for (; i + 2 <= words.length && hits.length < limit; i += 2) {
      const first = (words[i] ?? 0) | FOLD;
      const second = (words[i + 1] ?? 0) | FOLD;
      const a = probeOf((previous >>> 16) | ((first & 0xff) << 16));
      const b = probeOf(first & 0xffffff);
      const c = probeOf((first >>> 16) | ((second & 0xff) << 16));
      const d = probeOf(second & 0xffffff);
      previous = second;
      const any =
        ((probes[a >>> 5] ?? 0) >>> a) |
        ((probes[b >>> 5] ?? 0) >>> b) |
        ((probes[c >>> 5] ?? 0) >>> c) |
        ((probes[d >>> 5] ?? 0) >>> d);
      if ((any & 1) === 0) continue;
      const at = phase + i * 4;
      state.next = Math.max(state.next, at - 3);
      this.#checkAll(bytes, at + 6, state, hits);
    }
    if (hits.length >= limit) return hits;
    // the last probe was at the word before
    state.next = Math.max(state.next, phase + (i - 1) * 4 + 1);
    this.#checkAll(bytes, bytes.length, state, hits);
    return hits;
  }

  /** Looks at every place from the next one to `to`. */
  #checkAll(bytes: Uint8Array, to: number, state: State, hits: TokenHit[]): void {
    const end = Math.min(to, bytes.length - 2);
    let at = state.next;
    if (at >= end) return;
    const filter = this.#filter;
    let key = ((bytes[at] ?? 0) << 8) | ((bytes[at + 1] ?? 0) << 16);
    for (; at < end; at++) {
      key = (key >>> 8) | (((bytes[at + 2] ?? 0) | 0x20) << 16) | 0x2020;
      if (filter[slotOf(key)] !== 0) this.#check(bytes, at, key, state, hits);
    }
    state.next = end;
  }

  #check(bytes: Uint8Array, at: number, key: number, state: State, hits: TokenHit[]): void {
    for (const anchor of this.#anchors.get(key) ?? []) {
      const start = at - anchor.at;
      if (start < 0 || !standsAt(bytes, start, anchor)) continue;
      // one character per byte, so that offsets in the text are offsets in the bytes
      state.text ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
      const hit = anchor.isBackwards
        ? tryBackwards(anchor, state.text, start)
        : tryRule(anchor.rule, state.text, start);
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

/** Tries the rule on what stands up to the end of its anchor, turned round. */
function tryBackwards({ rule, text: anchor }: Anchor, text: string, start: number): TokenHit | null {
  const end = start + anchor.length;
  const from = Math.max(0, end - BACKWARDS);
  // each try is paid for by this many characters that no other one can use
  for (let at = start - 1; at >= start - MIN_BACKWARDS; at--) {
    if (at < 0 || (isBody[text.charCodeAt(at)] ?? 0) === 0) return null;
  }
  if (rule.notAfter !== null && end < text.length && rule.notAfter.test(text[end] ?? '')) return null;
  const turned = Array.from(text.slice(from, end)).reverse().join('');
  const hit = tryRule(rule, turned, 0);
  return hit === null ? null : { ...hit, start: end - hit.end, end: end - hit.start };
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

function probeOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> PROBE_SHIFT;
}

/** What stands one place before or after the three bytes by which an anchor is noticed; one of the two is enough. */
function besides(text: string, at: number, notAfter: RegExp | null): number[] {
  if (at + 4 <= text.length) return [trigram(text, at + 1)];
  if (at > 0) return [trigram(text, at - 1)];
  // an anchor of three: whatever may stand before it
  const known = trigram(text, 0) << 8;
  return Array.from({ length: 0x100 }, (_, byte) => byte)
    .filter((byte) => notAfter === null || !notAfter.test(String.fromCharCode(byte)))
    .map((byte) => (known & 0xffff00) | byte | 0x20);
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
