import { once } from 'node:events';

/** So many at a time, in the order of asking. */
export class Slots {
  readonly #waiting: Array<() => void> = [];
  #free: number;

  constructor(free: number) {
    this.#free = free;
  }

  /** Waits for a slot and gives what releases it (safe to call again). Rejects with the reason of the signal. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const stop = new AbortController();
    try {
      await Promise.race([promise, once(signal, 'abort', { signal: stop.signal })]);
    } finally {
      stop.abort();
    }
    const at = this.#waiting.indexOf(resolve);
    // still in the queue: the signal was first
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    signal.throwIfAborted();
  }
}
