import type { RequestHead } from '@bot-bottle/egress';
import type { AgentReader, BodyFailure } from '../agent/agent-reader.ts';
import type { HeldBudget } from '../limits/held-budget.ts';
import type { LazyAbort } from './lazy-abort.ts';

/** A body up to this is scanned whole before its first byte leaves. */
export const WHOLE_BODY_BYTES = 1024 * 1024;

/** Chunks below this are joined when that many came in a row: each costs far more memory than its bytes. */
const SMALL_BYTES = 1024;
const SMALL_RUN = 128;

export type Collected =
  | { readonly kind: 'whole'; readonly body: Buffer }
  /** more than fits: what was read so far, the rest is to be streamed */
  | { readonly kind: 'long'; readonly start: readonly Buffer[] }
  | { readonly kind: BodyFailure | 'over_budget' };

/** Where the bytes of a body go once its start was collected. */
export interface BodyTail {
  data(chunk: Buffer): boolean;
  end(): void;
  fail(kind: BodyFailure): void;
}

/**
 * Reads the start of a body into memory within the shared budget. When the body is longer than `WHOLE_BODY_BYTES` the
 * reader is left paused, and what follows goes to the tail set by `setTail`.
 */
export class BodyCollector {
  /** bytes taken from the shared budget and not yet given back */
  taken = 0;
  #chunks: Buffer[] = [];
  #length = 0;
  #smallRun = 0;
  #tail: BodyTail | null = null;
  #early: Array<Buffer | 'end' | BodyFailure> = [];
  #settle: ((value: Collected) => void) | null = null;
  #settled = false;
  #waiting: Promise<void> | null = null;
  readonly #reader: AgentReader;
  readonly #held: HeldBudget;
  readonly #gone: LazyAbort;

  constructor(reader: AgentReader, held: HeldBudget, gone: LazyAbort) {
    this.#reader = reader;
    this.#held = held;
    this.#gone = gone;
  }

  collect(head: RequestHead): Promise<Collected> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#reader.readBody(head.framing, {
        data: (chunk) => this.#data(chunk),
        end: () => this.#ended(),
        fail: (kind) => this.#failed(kind),
      });
    });
  }

  /** Sends the rest of a long body on. */
  setTail(tail: BodyTail): void {
    this.#tail = tail;
    const early = this.#early;
    this.#early = [];
    let wanted = true;
    for (const item of early) {
      if (item === 'end') tail.end();
      else if (typeof item === 'string') tail.fail(item);
      else wanted = tail.data(item) && wanted;
    }
    if (wanted) this.#reader.resumeBody();
  }

  release(): void {
    this.#chunks = [];
    this.#early = [];
    this.#held.give(this.taken);
    this.taken = 0;
  }

  #finish(value: Collected): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#settle?.(value);
  }

  #data(chunk: Buffer): boolean {
    if (this.#tail !== null) return this.#tail.data(chunk);
    if (this.#settled) {
      this.#early.push(chunk);
      return false;
    }
    if (this.#waiting !== null || !this.#held.tryTake(chunk.length)) {
      this.#wait(chunk);
      return false;
    }
    return this.#keep(chunk);
  }

  #keep(chunk: Buffer): boolean {
    this.taken += chunk.length;
    this.#chunks.push(chunk);
    this.#joinSmall(chunk.length);
    this.#length += chunk.length;
    if (this.#length <= WHOLE_BODY_BYTES) return true;
    this.#reader.holdBody();
    this.#finish({ kind: 'long', start: this.#chunks });
    return false;
  }

  #joinSmall(length: number): void {
    this.#smallRun = length < SMALL_BYTES ? this.#smallRun + 1 : 0;
    if (this.#smallRun < SMALL_RUN) return;
    this.#smallRun = 0;
    this.#chunks.push(Buffer.concat(this.#chunks.splice(-SMALL_RUN)));
  }

  /** Chunks that were read already queue up behind one another while the budget is used up. */
  #wait(chunk: Buffer): void {
    this.#reader.holdBody();
    const before = this.#waiting ?? Promise.resolve();
    const mine = before.then(async () => {
      if (this.#settled) {
        if (this.#tail === null) this.#early.push(chunk);
        else this.#tail.data(chunk);
        return;
      }
      if (!(await this.#held.take(chunk.length, this.#gone.signal))) {
        this.#finish({ kind: 'over_budget' });
        return;
      }
      const more = this.#keep(chunk);
      if (this.#waiting === mine) {
        this.#waiting = null;
        if (more) this.#reader.resumeBody();
      }
    });
    this.#waiting = mine;
  }

  #ended(): void {
    if (this.#tail !== null) this.#tail.end();
    else if (this.#settled) this.#early.push('end');
    else if (this.#waiting !== null) void this.#waiting.then(() => this.#ended());
    else {
      const [only] = this.#chunks;
      const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
      this.#finish({ kind: 'whole', body });
    }
  }

  #failed(kind: BodyFailure): void {
    if (this.#tail !== null) this.#tail.fail(kind);
    else if (this.#settled) this.#early.push(kind);
    else this.#finish({ kind });
  }
}
