/**
 * Runs work on request, one run at a time. Requests that come before a run begins are answered with it; those that come
 * while it works share the next one, because what they want may have come too late for it.
 */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let waiting: Promise<void> | null = null;
  let working: Promise<void> = Promise.resolve();
  return () => {
    waiting ??= working
      .catch(() => undefined)
      .then(() => {
        waiting = null;
        working = work();
        return working;
      });
    return waiting;
  };
}
