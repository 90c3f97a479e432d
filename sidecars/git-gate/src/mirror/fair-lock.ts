import { abortable } from './abortable.ts';

/** Runs `work` alone, in the order of asking; who is cancelled while waiting never runs. */
export type FairLock = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

export function createFairLock(): FairLock {
  let tail: Promise<void> = Promise.resolve();
  return async (signal, work) => {
    const before = tail;
    const { promise: done, resolve: release } = Promise.withResolvers<void>();
    tail = before.then(() => done);
    try {
      await abortable(before, signal);
      return await work();
    } finally {
      release();
    }
  };
}
