import type { Sweeper } from './sweeper.ts';

/** What `work` comes to, or a rejection after `limitMs`; the work itself goes on. */
export function within<T>(work: Promise<T>, limitMs: number, sweeper: Sweeper): Promise<T> {
  return new Promise((resolve, reject) => {
    const limit = {
      index: -1,
      deadline: performance.now() + limitMs,
      expire: () => {
        sweeper.delete(limit);
        reject(new Error('not in time'));
      },
    };
    sweeper.add(limit);
    work.then(
      (value) => {
        sweeper.delete(limit);
        resolve(value);
      },
      (error: unknown) => {
        sweeper.delete(limit);
        reject(error instanceof Error ? error : new Error('failed'));
      },
    );
  });
}
