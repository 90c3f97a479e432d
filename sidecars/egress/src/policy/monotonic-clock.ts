/** Milliseconds since the epoch that never jump: wall time at start plus monotonic time since. */
export function monotonicClock(): () => number {
  const start = Date.now() - performance.now();
  return () => start + performance.now();
}
