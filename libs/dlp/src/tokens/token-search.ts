import { BLOCK, noticeAnchors, noticed } from './notice-anchors.ts';
import { mayBeBody, slotOf, TokenAnchors, type Anchor } from './token-anchors.ts';
import type { TokenRule } from './token-rule.ts';
import { isBorder } from './word-borders.ts';

export interface TokenHit {
  readonly rule: TokenRule;
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

interface State {
  /** a piece of the bytes, one character each so that offsets stay what they are, made when it is needed */
  text: string;
  /** the same turned round, made when it is needed */
  turned: string;
  /** where in the bytes it begins */
  base: number;
  /** first place that may still be looked at */
  next: number;
  readonly accepts: (hit: TokenHit) => boolean;
}

/** Longest credential, as of streams, with what a pattern looks at behind it, and what it looks at before. */
const MAX_SPAN = 64 * 1024;
const BEFORE = 1024;
/** Bytes that are made characters at once: a text of many megabytes may hold one anchor. */
const PIECE = 256 * 1024;
/** Characters of a credential's body that must stand before an anchor written backwards. */
const MIN_BACKWARDS = 12;
/** 1 for what credentials consist of */
const isBody = new Uint8Array(256);
for (const char of '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-+/=.:@~')
  isBody[char.charCodeAt(0)] = 1;

/**
 * Finds credential formats: one pass looks up three bytes at every second place, which is enough because each anchor
 * is entered as it is seen from either. What the table knows is at most one place beside an anchor, and only where an
 * anchor of a rule stands, with a body after it as the rule says, the rule's pattern is tried.
 */
export class TokenSearch {
  readonly #anchors: TokenAnchors;

  constructor(rules: readonly TokenRule[]) {
    this.#anchors = new TokenAnchors(rules);
  }

  /** Accepted hits in the order of their anchors, at most a few over `limit`. */
  search(bytes: Uint8Array, limit: number, accepts: (hit: TokenHit) => boolean): TokenHit[] {
    const hits: TokenHit[] = [];
    const state: State = { text: '', turned: '', base: 0, next: 0, accepts };
    const { probes } = this.#anchors;
    const phase = (4 - (bytes.byteOffset & 3)) & 3;
    // Too short for a word of its own at an aligned place.
    if (bytes.length < phase) {
      this.#checkAll(bytes, bytes.length, state, hits);
      return hits;
    }
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + phase, (bytes.length - phase) >> 2);
    this.#checkAll(bytes, phase + 2, state, hits);
    // the last one of the words may be left over
    const end = words.length - ((words.length - 1) % 2);
    for (let from = 1; from < end; from += BLOCK) {
      const count = noticeAnchors(words, from, Math.min(end, from + BLOCK), probes);
      for (let k = 0; k < count; k++) {
        const entry = noticed[k] ?? 0;
        const at = phase + (from + (entry >> 4)) * 4 - 2;
        for (let place = 0; place < 4; place++)
          if (((entry >> place) & 1) === 1) this.#checkNear(bytes, at + place * 2, state, hits);
        if (hits.length >= limit) return hits;
      }
    }
    // the last probe was at the word before
    state.next = Math.max(state.next, phase + (end - 1) * 4 + 1);
    this.#checkAll(bytes, bytes.length, state, hits);
    return hits;
  }

  /** Looks at the place of a probe and at the two beside it. */
  #checkNear(bytes: Uint8Array, at: number, state: State, hits: TokenHit[]): void {
    state.next = Math.max(state.next, at - 1);
    this.#checkAll(bytes, at + 2, state, hits);
  }

  /** Looks at every place from the next one to `to`. */
  #checkAll(bytes: Uint8Array, to: number, state: State, hits: TokenHit[]): void {
    const end = Math.min(to, bytes.length - 2);
    let at = state.next;
    if (at >= end) return;
    const anchors = this.#anchors;
    const { slots } = anchors;
    let key = ((bytes[at] ?? 0) << 8) | ((bytes[at + 1] ?? 0) << 16);
    for (; at < end; at++) {
      key = (key >>> 8) | (((bytes[at + 2] ?? 0) | 0x20) << 16) | 0x2020;
      if (slots[slotOf(key)] === 0) continue;
      for (const anchor of anchors.at(key)) {
        // one more byte tells most of them apart
        if (((bytes[at + anchor.fourth] ?? 0) | 0x20) === anchor.byte) check(anchor, bytes, at, state, hits);
      }
    }
    state.next = end;
  }
}

function check(anchor: Anchor, bytes: Uint8Array, at: number, state: State, hits: TokenHit[]): void {
  const start = at - anchor.at;
  if (start < 0 || !standsAt(bytes, start, anchor)) return;
  const end = start + anchor.bytes.length;
  if (isBarred(anchor, bytes, anchor.isBackwards ? end : start - 1)) return;
  if (anchor.isBackwards ? !isWorthATry(bytes, start) : !hasBody(anchor, bytes, end)) return;
  readAround(bytes, start, state);
  const { base } = state;
  const found = anchor.isBackwards
    ? tryBackwards(anchor.rule, state, end - base)
    : tryRule(anchor.rule, state.text, start - base);
  const hit = found === null ? null : { ...found, start: found.start + base, end: found.end + base };
  if (hit === null || !state.accepts(hit)) return;
  // anchors of one rule may overlap
  if (!hits.some((other) => other.rule === hit.rule && other.start === hit.start)) hits.push(hit);
}

/** Whether what stands at `at` may not stand beside the anchor. */
function isBarred({ barred, isBackwards }: Anchor, bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  if (barred === null || byte === undefined || barred[byte] !== 1) return false;
  return isBackwards || !isBorder(bytes, at);
}

/** Makes sure that `state.text` holds whatever a pattern at `start` can look at. All bytes are read twice at most. */
function readAround(bytes: Uint8Array, start: number, state: State): void {
  const from = Math.max(0, start - BEFORE);
  const to = Math.min(bytes.length, start + MAX_SPAN);
  if (from >= state.base && to <= state.base + state.text.length) return;
  // anchors come nearly in order
  const base = bytes.length <= PIECE ? 0 : Math.max(0, from - BEFORE);
  state.base = base;
  state.text = Buffer.from(
    bytes.buffer,
    bytes.byteOffset + base,
    Math.min(PIECE, bytes.length - base),
  ).toString('latin1');
  state.turned = '';
}

function standsAt(bytes: Uint8Array, start: number, anchor: Anchor): boolean {
  const wanted = anchor.bytes;
  const fold = anchor.rule.anyCase === true ? 0x20 : 0;
  for (let i = 0; i < wanted.length; i++) {
    if (((bytes[start + i] ?? 0) | fold) !== ((wanted[i] ?? 0) | fold)) return false;
  }
  return true;
}

function hasBody({ body }: Anchor, bytes: Uint8Array, at: number): boolean {
  return body === null || mayBeBody(bytes, at, body);
}

/** Whether so many characters stand before an anchor written backwards that a try is worth its price. */
function isWorthATry(bytes: Uint8Array, end: number): boolean {
  for (let at = end - 1; at >= end - MIN_BACKWARDS; at--) {
    if (at < 0 || isBody[bytes[at] ?? 0] !== 1) return false;
  }
  return true;
}

function tryRule(rule: TokenRule, text: string, start: number): TokenHit | null {
  rule.pattern.lastIndex = start;
  const match = rule.pattern.exec(text);
  if (match === null) return null;
  const matched = start + match[0].length;
  const end = rule.endOf === undefined ? matched : rule.endOf(text, matched);
  if (end < 0) return null;
  const from = rule.startOf === undefined ? start : rule.startOf(text, start);
  if (from < 0) return null;
  const value = match[1] ?? text.slice(from, end);
  if (rule.isValid !== undefined && !rule.isValid(value, match)) return null;
  return { rule, start: end - value.length, end, value };
}

/** Tries the rule on what stands up to the end of its anchor, turned round. */
function tryBackwards(rule: TokenRule, state: State, end: number): TokenHit | null {
  const { length } = state.text;
  // all of it at once: anchors without a credential may stand close together
  if (state.turned === '') state.turned = turnedRound(state.text);
  const hit = tryRule(rule, state.turned, length - end);
  return hit === null ? null : { ...hit, start: length - hit.end, end: length - hit.start };
}

/** A text turned round, in which line breaks as JSON writes them are blank: their letters are part of no credential. */
function turnedRound(text: string): string {
  const turned = Buffer.from(text, 'latin1').reverse().toString('latin1');
  return turned.replaceAll(/[nrt]\\/g, '  ');
}
