import type { Writable } from 'node:stream';

const FLUSH_MS = 500;

/** Lets the last message, a refusal above all, out before the process ends; waits at most 500 ms. */
export function flushed(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, FLUSH_MS);
    output.once('error', () => resolve());
    output.end(() => resolve());
  });
}
