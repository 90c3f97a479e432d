import { GitGateServerError } from '../errors.ts';

/** Waits for a promise until the signal; the promise itself goes on. Throws `git_failed` then. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw cancelled();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(cancelled());
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const cancelled = (): GitGateServerError => new GitGateServerError('git_failed', 'cancelled while waiting');
