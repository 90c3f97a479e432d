import type { Backoff } from './contracts.ts';

const defaults: Required<Backoff> = { initialMs: 200, maxMs: 30_000, factor: 2, resetAfterMs: 60_000 };

/** Delays before restarts: growing, capped, and short again after a long life. */
export class BackoffDelay {
  readonly #options: Required<Backoff>;
  #failures = 0;

  constructor(options: Backoff = {}) {
    this.#options = { ...defaults, ...options };
  }

  /** Delay in ms after a life that took `livedMs`. */
  next(livedMs: number): number {
    const { initialMs, maxMs, factor, resetAfterMs } = this.#options;
    if (livedMs >= resetAfterMs) this.#failures = 0;
    const delay = Math.min(maxMs, initialMs * factor ** this.#failures);
    this.#failures += 1;
    return delay;
  }
}
