import type { Span } from './excerpt.ts';

/** Overwrites places in an object whose pieces come in order. The places count bytes that are not zero. */
export class Eraser {
  readonly #spans: readonly Span[];
  readonly #erased: Array<{ start: number; end: number }> = [];
  /** of the next byte, and of the next that is not zero */
  #offset = 0;
  #place = 0;
  #next = 0;
  #end = 0;

  constructor(spans: readonly Span[]) {
    this.#spans = spans.toSorted((a, b) => a.start - b.start);
  }

  /** What was overwritten so far, with the zero bytes in it and one behind, counted in all bytes. */
  get erased(): readonly Span[] {
    return this.#erased;
  }

  /** A copy of the next piece, with spaces in the places. */
  erase(piece: Buffer): Buffer {
    const bytes = Buffer.from(piece);
    for (let i = 0; i < bytes.length; i += 1, this.#offset += 1) {
      if (bytes[i] === 0) continue;
      if (this.#isIn()) {
        bytes[i] = 0x20;
        this.#note();
      }
      this.#place += 1;
    }
    return bytes;
  }

  #isIn(): boolean {
    for (
      let span = this.#spans[this.#next];
      span !== undefined && span.start <= this.#place;
      span = this.#spans[this.#next]
    ) {
      // one that begins where another ended is a stretch of its own
      if (span.start >= this.#end) this.#erased.push({ start: this.#offset, end: this.#offset });
      this.#end = Math.max(this.#end, span.end);
      this.#next += 1;
    }
    return this.#place < this.#end;
  }

  #note(): void {
    const last = this.#erased.at(-1);
    // a character of UTF-16 may end with its zero byte
    if (last !== undefined) last.end = this.#offset + 2;
  }
}
