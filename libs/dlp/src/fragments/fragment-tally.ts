import type { PlacedHit } from '../scan/placed-hit.ts';
import type { FragmentValue } from './fragment-index.ts';
import type { FragmentSpelling } from './fragment-spellings.ts';
import { FragmentWindow } from './fragment-window.ts';

/** Places that are remembered for each value; more of them are not overwritten one by one. */
const MAX_SPANS = 256;

type Place = (start: number, end: number) => { start: number; end: number } | null;

interface Parts {
  /** 1 for each byte of the value that was seen */
  readonly covered: Uint8Array;
  readonly spans: Array<{ start: number; end: number }>;
}

/** How far a text was compared with a spelling, and where the spelling would begin in it. */
interface Compared {
  readonly origin: number;
  readonly end: number;
}

/** Which parts of which values one scan came across. */
export class FragmentTally {
  readonly #parts = new Map<FragmentValue, Parts>();
  /** of the text that is searched now */
  readonly #compared = new Map<FragmentSpelling, Compared>();
  #place: Place = () => null;

  get isEmpty(): boolean {
    return this.#parts.size === 0;
  }

  /** From now on places are in a layer whose places in the sent bytes `place` gives. */
  enter(place: Place): void {
    this.#place = place;
    this.#compared.clear();
  }

  /** Places from now on are in a text that is not the layer itself. */
  leave(): void {
    this.enter(() => null);
  }

  /** Whether the text was compared up to `end` with a spelling that would begin at `origin`. */
  isCompared(spelling: FragmentSpelling, origin: number, end: number): boolean {
    const last = this.#compared.get(spelling);
    return last !== undefined && last.origin === origin && last.end >= end;
  }

  /** Remembers how far that was, and found to be the same. */
  compared(spelling: FragmentSpelling, origin: number, end: number): void {
    this.#compared.set(spelling, { origin, end });
  }

  mark(value: FragmentValue, from: number, to: number, start: number, end: number): void {
    let parts = this.#parts.get(value);
    if (parts === undefined) {
      parts = { covered: new Uint8Array(value.bytes.length), spans: [] };
      this.#parts.set(value, parts);
    }
    if (to > from) parts.covered.fill(1, Math.max(0, from), to);
    const span = this.#place(start, end);
    if (span === null) return;
    const last = parts.spans.at(-1);
    if (last !== undefined && span.start <= last.end && span.end >= last.start) {
      last.start = Math.min(last.start, span.start);
      last.end = Math.max(last.end, span.end);
    } else if (parts.spans.length < MAX_SPANS) {
      parts.spans.push({ ...span });
    }
  }

  /**
   * What was given away by what was seen and what left before. What was seen counts as leaving unless something is
   * found, here or by other means.
   *
   * @param shared what left before; null: nothing is known of that
   * @param found rules of what was found by other means
   */
  settle(shared: FragmentWindow | null, found: ReadonlySet<string>): PlacedHit[] {
    if (this.#parts.size === 0) return [];
    const window = shared ?? new FragmentWindow();
    const hits: PlacedHit[] = [];
    for (const [value, { covered, spans }] of this.#parts) {
      if (found.has(value.rule) || !window.givesAway(value, covered)) continue;
      const { detector, rule, sha256 } = value;
      const hit = { detector, rule, sha256, severity: 'critical', start: 0, end: 0 } as const;
      if (spans.length === 0) hits.push({ hit, span: null });
      else hits.push(...spans.map((span) => ({ hit, span })));
    }
    if (hits.length === 0 && found.size === 0) {
      for (const [value, { covered }] of this.#parts) window.add(value, covered);
    }
    return hits;
  }

  /** Places of parts of the values of these rules. */
  spansOf(rules: ReadonlySet<string>): PlacedHit[] {
    return [...this.#parts].flatMap(([{ detector, rule, sha256 }, { spans }]) =>
      rules.has(rule)
        ? spans.map((span) => ({
            hit: { detector, rule, sha256, severity: 'critical' as const, start: 0, end: 0 },
            span,
          }))
        : [],
    );
  }
}
