/**
 * What `work` comes to, or `late()` after `limitMs` or when a signal aborts; the work itself goes on and nobody hears
 * of its failure then.
 */
export async function within<T, L>(
  work: Promise<T>,
  limitMs: number,
  late: () => L,
  signals: readonly AbortSignal[] = [],
): Promise<T | L> {
  work.catch(() => undefined);
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  const timer = setTimeout(end, limitMs);
  for (const signal of signals) signal.addEventListener('abort', end, { once: true });
  if (signals.some(({ aborted }) => aborted)) end();
  try {
    return await Promise.race([work, over.then(late)]);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener('abort', end);
  }
}
