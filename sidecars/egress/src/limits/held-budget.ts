interface Waiter {
  readonly bytes: number;
  readonly settle: (granted: boolean) => void;
}

/**
 * The bytes that all requests together may hold back for scanning. When it is used up a taker waits, which
 * is back-pressure on its agent; when waiting takes too long it is refused.
 */
export class HeldBudget {
  #free: number;
  readonly #waitMs: number;
  readonly #waiters: Waiter[] = [];

  constructor(bytes: number, waitMs: number) {
    this.#free = bytes;
    this.#waitMs = waitMs;
  }

  /** bytes not taken at present */
  get free(): number {
    return this.#free;
  }

  /** Takes at once when possible. */
  tryTake(bytes: number): boolean {
    if (this.#waiters.length > 0 || bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  /** Resolves false when the bytes did not become free in time or `signal` aborted. */
  take(bytes: number, signal: AbortSignal): Promise<boolean> {
    if (this.tryTake(bytes)) return Promise.resolve(true);
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const giveUp = () => waiter.settle(false);
      const timer = setTimeout(giveUp, this.#waitMs);
      timer.unref();
      signal.addEventListener('abort', giveUp, { once: true });
      const waiter: Waiter = {
        bytes,
        settle: (granted) => {
          clearTimeout(timer);
          signal.removeEventListener('abort', giveUp);
          const at = this.#waiters.indexOf(waiter);
          if (at >= 0) this.#waiters.splice(at, 1);
          resolve(granted);
          if (!granted) this.#grant();
        },
      };
      this.#waiters.push(waiter);
    });
  }

  give(bytes: number): void {
    this.#free += bytes;
    this.#grant();
  }

  #grant(): void {
    for (
      let first = this.#waiters[0];
      first !== undefined && first.bytes <= this.#free;
      first = this.#waiters[0]
    ) {
      this.#free -= first.bytes;
      first.settle(true);
    }
  }
}
