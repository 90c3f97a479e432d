import type { HeldBudget } from '../limits/held-budget.ts';
import { Denied } from '../request/denied.ts';
import type { LazyAbort } from '../request/lazy-abort.ts';

const nothing = Buffer.alloc(0);
const LEAST_BYTES = 4096;

/** The pieces of a message in one buffer, counted against the shared budget: tiny pieces cost no more than their bytes. */
export class HeldMessage {
  readonly #budget: HeldBudget;
  readonly #gone: LazyAbort;
  #bytes: Buffer = nothing;
  #length = 0;
  #taken = 0;
  #isOver = false;

  constructor(budget: HeldBudget, gone: LazyAbort) {
    this.#budget = budget;
    this.#gone = gone;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Waits while the budget is used up, which holds the agent back; throws `Denied` when that takes too long. */
  async add(piece: Buffer, isLast: boolean): Promise<void> {
    if (this.#length === 0 && isLast) {
      // most messages come in one piece
      await this.#take(piece.length);
      this.#bytes = piece;
    } else {
      await this.#makeRoom(this.#length + piece.length);
      piece.copy(this.#bytes, this.#length);
    }
    this.#length += piece.length;
  }

  /** Gives everything back; the bytes stay with who has them. */
  clear(): void {
    this.#budget.give(this.#taken);
    this.#taken = 0;
    this.#length = 0;
    this.#bytes = nothing;
  }

  /** Like `clear`, and nothing is taken any more. */
  destroy(): void {
    this.#isOver = true;
    this.clear();
  }

  async #makeRoom(needed: number): Promise<void> {
    if (needed <= this.#bytes.length) return;
    const size = Math.max(needed, 2 * this.#bytes.length, LEAST_BYTES);
    await this.#take(size - this.#bytes.length);
    const larger = Buffer.allocUnsafe(size);
    this.bytes.copy(larger);
    this.#bytes = larger;
  }

  async #take(bytes: number): Promise<void> {
    if (!this.#budget.tryTake(bytes) && !(await this.#budget.take(bytes, this.#gone.signal)))
      throw new Denied('limit_exceeded', { text: 'too many bytes are held' });
    this.#taken += bytes;
    // granted at the very moment at which nobody needs it any more
    if (this.#isOver) this.clear();
  }
}
