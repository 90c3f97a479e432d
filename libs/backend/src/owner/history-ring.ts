/** Default size of a ring, in bytes: several full screens of a coloured TUI. */
export const HISTORY_BYTES = 256 * 1024;

/** The last bytes of an output, so that a late viewer sees what is on the screen. */
export class HistoryRing {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #wasCut = false;

  constructor(limit: number = HISTORY_BYTES) {
    this.#limit = limit;
  }

  push(chunk: Uint8Array): void {
    const kept = chunk.length > this.#limit ? chunk.subarray(chunk.length - this.#limit) : chunk;
    this.#wasCut ||= kept.length < chunk.length;
    // A copy: the chunk may be a view on a much larger pool.
    this.#chunks.push(Buffer.from(kept));
    this.#size += kept.length;
    while (this.#size > this.#limit) {
      const first = this.#chunks[0] ?? Buffer.alloc(0);
      const over = Math.min(this.#size - this.#limit, first.length);
      if (over === first.length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(over);
      this.#size -= over;
      this.#wasCut = true;
    }
    if (this.#chunks.length > 1024) this.#chunks = [Buffer.concat(this.#chunks)];
  }

  /** Everything kept; when older bytes were dropped it starts at a line or an escape sequence. */
  contents(): Buffer {
    const all = Buffer.concat(this.#chunks);
    if (!this.#wasCut) return all;
    const start = all.findIndex((byte) => byte === 0x0a || byte === 0x1b);
    return start < 0 ? all : all.subarray(start);
  }
}
