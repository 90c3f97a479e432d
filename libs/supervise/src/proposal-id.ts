import { randomInt } from 'node:crypto';

/** Base 36 digits of the milliseconds since the epoch: enough until the year 5188. */
const TIME_DIGITS = 9;
const RANDOM_DIGITS = 7;

/**
 * Makes ids of proposals: time, then chance, in lower-case base 36. Sorted as text they are sorted by arrival; those of
 * one source never stand still or go back, whatever the clock does.
 */
export function idSource(now: () => number = Date.now): () => string {
  let last = 0;
  return () => {
    last = Math.max(now(), last + 1);
    let tail = '';
    for (let index = 0; index < RANDOM_DIGITS; index += 1) tail += randomInt(36).toString(36);
    return last.toString(36).padStart(TIME_DIGITS, '0') + tail;
  };
}
