/** At most so many calls in any minute. */
export class CallLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  #taken: number[] = [];

  /** @param now monotonic clock, ms */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Whether one more is within the limit; counts it when it is. */
  take(): boolean {
    const now = this.#now();
    const oldest = this.#taken.findIndex((at) => now - at < 60_000);
    this.#taken = oldest < 0 ? [] : this.#taken.slice(oldest);
    if (this.#taken.length >= this.#perMinute) return false;
    this.#taken.push(now);
    return true;
  }
}
