import { tableOf } from '../literals/table-of.ts';
import type { TokenBody, TokenRule } from './token-rule.ts';
import { borderLetters } from './word-borders.ts';

/** Text that a credential begins with, or ends with when it is written backwards. */
export interface Anchor {
  readonly rule: TokenRule;
  readonly bytes: Uint8Array;
  /** where from those three another byte of the anchor is, if it has one, and which, of a letter the small one */
  readonly fourth: number;
  readonly byte: number;
  readonly isBackwards: boolean;
  /** where in the anchor the three bytes are by which it is noticed */
  readonly at: number;
  /** 1 for what may not stand beside it, as `notAfter` says; null: anything may */
  readonly barred: Uint8Array | null;
  readonly body: BodyTable | null;
}

interface BodyTable {
  /** 1 for one character of the body */
  readonly chars: Uint8Array;
  readonly min: number;
  readonly max: number;
  /** -1: anything may follow */
  readonly next: number;
}

/** Bits of the table of probes: small enough to stay in the processor's nearest cache. */
export const PROBE_SHIFT = 32 - 18;

/** The anchors of some rules, by the three bytes by which they are noticed. */
export class TokenAnchors {
  /** one bit for what may be seen one place before, at, or after those three bytes */
  readonly probes = new Int32Array(1 << 13);
  /** place in `#lists` for what may be those three bytes, 0: nothing */
  readonly slots = new Uint16Array(1 << 16);
  /** those three bytes, and the anchors that are noticed by them */
  readonly #lists: Array<{ readonly key: number; readonly anchors: Anchor[] }> = [{ key: -1, anchors: [] }];

  constructor(rules: readonly TokenRule[]) {
    for (const rule of rules) {
      for (const text of rule.anchors) {
        if (text.length < 3) throw new RangeError(`anchor of ${rule.id} is too short`);
        this.#enter(rule, text, false);
        // shorter ones are everywhere, and may have anything beside them; those with other signs begin no single word;
        // those in the middle of a credential are letters that any base64 has, and would cost it a tenth of its speed
        if (rule.startOf === undefined && /^[A-Za-z0-9_.$+=/-]{4,}$/.test(text))
          this.#enter(rule, Array.from(text).toReversed().join(''), true);
      }
    }
  }

  #enter(rule: TokenRule, text: string, isBackwards: boolean): void {
    const at = rarest(text);
    const key = trigram(text, at);
    for (const seen of [key, ...besides(text, at, rule.notAfter)]) {
      const slot = probeOf(seen);
      this.probes[slot >>> 5] = (this.probes[slot >>> 5] ?? 0) | (1 << slot);
    }
    const fourth = at + 3 < text.length ? 3 : at > 0 ? -1 : 0;
    this.#listOf(key).push({
      rule,
      bytes: Uint8Array.from(Buffer.from(text, 'latin1')),
      fourth,
      byte: text.charCodeAt(at + fourth) | 0x20,
      isBackwards,
      at,
      barred: rule.notAfter === null ? null : tableOf(rule.notAfter),
      body: rule.body === undefined || isBackwards ? null : bodyTable(rule.body),
    });
  }

  /** The anchors that are noticed by three bytes whose place in `slots` is taken. */
  at(key: number): readonly Anchor[] {
    for (let slot = slotOf(key); ; slot = (slot + 1) & 0xffff) {
      const list = this.#lists[this.slots[slot] ?? 0];
      if (list === undefined || list.key === -1) return [];
      if (list.key === key) return list.anchors;
    }
  }

  #listOf(key: number): Anchor[] {
    let slot = slotOf(key);
    for (; this.slots[slot] !== 0; slot = (slot + 1) & 0xffff) {
      const list = this.#lists[this.slots[slot] ?? 0];
      if (list?.key === key) return list.anchors;
    }
    const anchors: Anchor[] = [];
    this.slots[slot] = this.#lists.push({ key, anchors }) - 1;
    return anchors;
  }
}

/** Whether what stands at `at` can be the body of a credential. */
export function mayBeBody(bytes: Uint8Array, at: number, body: BodyTable): boolean {
  const { chars, min, max, next } = body;
  const end = Math.min(bytes.length, at + max);
  let i = at;
  while (i < end && chars[bytes[i] ?? 0] === 1) i++;
  return i - at >= min && (next < 0 || bytes[i] === next);
}

export function slotOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> 16;
}

/** Of the three low bytes of `key` only: whatever stands in the fourth is shifted out. */
export function probeOf(key: number, shift = PROBE_SHIFT): number {
  return Math.imul(key, 0x85ebcb00) >>> shift;
}

function bodyTable({ chars, min, next }: TokenBody): BodyTable {
  return { chars: tableOf(chars), min, max: next?.max ?? min, next: next?.char.charCodeAt(0) ?? -1 };
}

/** What stands one place before or after the three bytes by which an anchor is noticed; one of the two is enough. */
function besides(text: string, at: number, notAfter: RegExp | null): number[] {
  if (at + 4 <= text.length) return [trigram(text, at + 1)];
  if (at > 0) return [trigram(text, at - 1)];
  // an anchor of three: whatever may stand before it
  const known = trigram(text, 0) << 8;
  return Array.from({ length: 0x100 }, (_, byte) => byte)
    .filter((byte) => mayStandBefore(String.fromCharCode(byte), notAfter))
    .map((byte) => (known & 0xffff00) | byte | 0x20);
}

const mayStandBefore = (char: string, notAfter: RegExp | null): boolean =>
  notAfter === null || !notAfter.test(char) || borderLetters.test(char);

function trigram(text: string, at: number): number {
  const [a, b, c] = [0, 1, 2].map((i) => text.charCodeAt(at + i) | 0x20);
  return (a ?? 0) | ((b ?? 0) << 8) | ((c ?? 0) << 16);
}

/** The three characters of an anchor that text holds least: signs and digits tell more than letters. */
function rarest(text: string): number {
  let best = 0;
  let bestScore = -1;
  for (let at = 0; at + 3 <= text.length; at++) {
    const part = Array.from(text.slice(at, at + 3));
    // a line of dashes
    const isRule = new Set(part).size === 1;
    const score = isRule ? 0 : part.reduce((sum, char) => sum + rarity(char), 0);
    if (score > bestScore) [best, bestScore] = [at, score];
  }
  return best;
}

function rarity(char: string): number {
  if (/[a-z]/i.test(char)) return 'jkqvwxz'.includes(char.toLowerCase()) ? 2 : 0;
  if (char === ' ') return 0;
  return char === '-' || char === '/' ? 1 : 2;
}
