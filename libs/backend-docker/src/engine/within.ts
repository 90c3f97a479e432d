import { BackendError } from '@bot-bottle/backend';

/** What an ordinary answer of the engine may take, milliseconds; starting containers included. */
export const answerMs = 60_000;

/**
 * Waits for the engine, but not for ever.
 *
 * @param what the operation, for the error
 * @throws BackendError `backend_unavailable` when it takes longer, else what the work throws
 */
export async function within<T>(what: string, work: Promise<T>, limitMs = answerMs): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const tooLong = new BackendError(
    'backend_unavailable',
    `${what}: the engine did not answer within ${limitMs / 1000} s`,
  );
  const timer = setTimeout(() => reject(tooLong), limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
