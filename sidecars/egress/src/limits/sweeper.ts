import { Members } from './members.ts';
import type { Member } from './members.ts';

/** Something that must have made progress by a point in time. */
export interface Expirable extends Member {
  /** milliseconds of the monotonic clock; Infinity: no limit */
  deadline: number;
  expire(now: number): void;
}

/**
 * One coarse timer for every deadline of the server. A timer per request costs more than the request's own
 * parsing, and no deadline here needs to be finer than the period.
 */
export class Sweeper {
  readonly #items = new Members<Expirable>();
  readonly #timer: NodeJS.Timeout;

  constructor(periodMs: number) {
    // What has come by now is read first: a process that was busy must not take that for the silence of a peer.
    this.#timer = setInterval(() => {
      const now = performance.now();
      setImmediate(() => this.#sweep(now));
    }, periodMs);
    this.#timer.unref();
  }

  add(item: Expirable): void {
    this.#items.add(item);
  }

  delete(item: Expirable): void {
    this.#items.delete(item);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#items.clear();
  }

  #sweep(now: number): void {
    this.#items.each((item) => {
      if (item.deadline <= now) item.expire(now);
    });
  }
}
