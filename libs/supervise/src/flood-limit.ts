import { SuperviseError } from './error.ts';

/** Most proposals of one bottle that wait for a human. */
export const MAX_OPEN = 5;
/** Most proposals of one bottle that are taken in one minute. */
export const MAX_PER_MINUTE = 10;

const MINUTE_MS = 60_000;

/** Counts the proposals of one bottle, so that a human is not worn down by asking. */
export class FloodLimit {
  readonly #now: () => number;
  #taken: number[] = [];

  /** @param now monotonic clock, ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Counts one more proposal.
   *
   * @param open how many wait already
   * @throws SuperviseError `too_many_proposals`; it is not counted then
   */
  take(open: number): void {
    const now = this.#now();
    this.#taken = this.#taken.filter((at) => now - at < MINUTE_MS);
    if (open >= MAX_OPEN) {
      throw new SuperviseError('too_many_proposals', `${MAX_OPEN} proposals wait for a human already`);
    }
    if (this.#taken.length >= MAX_PER_MINUTE) {
      throw new SuperviseError('too_many_proposals', `more than ${MAX_PER_MINUTE} proposals in a minute`);
    }
    this.#taken.push(now);
  }
}
