import { GitGateServerError } from '../errors.ts';
import { abortable } from './abortable.ts';

interface Shared {
  readonly promise: Promise<void>;
  readonly controller: AbortController;
  callers: number;
}

/**
 * Lets callers share a run that has not begun yet: nobody gets a result that is older than the question. A run that
 * nobody waits for any more is cancelled.
 *
 * @param run waits for its turn, calls `begun`, then works
 */
export function createSharedRun(
  run: (signal: AbortSignal, begun: () => void) => Promise<void>,
): (signal: AbortSignal) => Promise<void> {
  let waiting: Shared | null = null;
  const start = (): Shared => {
    const controller = new AbortController();
    const begun = (): void => {
      if (waiting?.controller === controller) waiting = null;
    };
    controller.signal.addEventListener('abort', begun, { once: true });
    const promise = Promise.resolve()
      .then(() => run(controller.signal, begun))
      .finally(begun);
    promise.catch(() => {});
    return { promise, controller, callers: 0 };
  };
  return async (signal) => {
    if (signal.aborted) throw new GitGateServerError('git_failed', 'cancelled while waiting');
    const shared = (waiting ??= start());
    shared.callers += 1;
    try {
      await abortable(shared.promise, signal);
    } finally {
      shared.callers -= 1;
      if (shared.callers === 0) shared.controller.abort();
    }
  };
}
