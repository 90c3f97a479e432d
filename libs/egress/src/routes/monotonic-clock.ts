/**
 * Milliseconds since the epoch that never jump: the time at the start plus monotonic time since. A launcher and its
 * egress share one: a change of the wall clock must not make a grant longer.
 *
 * @param start time now, e.g. as the launcher told it; default the wall clock
 */
export function monotonicClock(start = Date.now()): () => number {
  const base = start - performance.now();
  return () => base + performance.now();
}
