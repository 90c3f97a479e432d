import type { Writable } from 'node:stream';

/** Pieces from this size on wait for one another, until that many bytes are there or the turn is over. */
const PIECE_BYTES = 8 * 1024;
const TOGETHER_BYTES = 64 * 1024;

/**
 * Writes of one turn that leave together. TLS gives 16 KiB at a time, of which many come in one turn: together they cost
 * one system call. Small ones, like events of a stream, go at once.
 */
export class GatheredWrites {
  readonly #socket: Writable;
  #open = false;

  constructor(socket: Writable) {
    this.#socket = socket;
  }

  /** Call before a piece of that size is written. */
  before(bytes: number): void {
    if (this.#open || bytes < PIECE_BYTES) return;
    this.#open = true;
    this.#socket.cork();
    setImmediate(() => this.release());
  }

  /** Call after it was. */
  after(): void {
    if (this.#open && this.#socket.writableLength >= TOGETHER_BYTES) this.release();
  }

  /** Lets all go. */
  release(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.uncork();
  }
}
