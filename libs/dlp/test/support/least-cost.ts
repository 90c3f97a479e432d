/** Processor time that one piece of work takes, microseconds, the least of three: what other work on the machine adds differs. */
export function leastCost(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = process.cpuUsage().user;
    work();
    best = Math.min(best, process.cpuUsage().user - start);
  }
  return best;
}
