/** Longest stretch of earlier messages that is looked at together with the next one, and as much of that one. */
export const EDGE_BYTES = 1024;

const nothing = Buffer.alloc(0);

/** The end of what left through a connection: a value may be cut between two messages. */
export class RecentBytes {
  #bytes: Buffer = nothing;

  get bytes(): Buffer {
    return this.#bytes;
  }

  add(sent: Buffer): void {
    if (sent.length === 0) return;
    const kept = this.#bytes.subarray(Math.max(0, this.#bytes.length + sent.length - EDGE_BYTES));
    // always a copy: what was sent may be a part of something large
    this.#bytes = Buffer.concat([kept, sent.subarray(Math.max(0, sent.length - EDGE_BYTES))]);
  }

  forget(): void {
    this.#bytes = nothing;
  }
}
