/**
 * Indexes of a longest strictly increasing subsequence: the values that can have kept their places. O(n log n);
 * a sorted input, the usual one, is O(n).
 */
export function longestRun(values: readonly number[]): ReadonlySet<number> {
  /** tails[k]: index of the smallest value that ends a run of length k + 1 */
  const tails: number[] = [];
  const before: number[] = [];
  const at = (index: number): number => values[index] ?? Number.POSITIVE_INFINITY;
  for (const [index, value] of values.entries()) {
    let low = 0;
    let high = tails.length;
    const last = tails.at(-1);
    if (last === undefined || at(last) < value) low = high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(tails[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    before[index] = low === 0 ? -1 : (tails[low - 1] ?? -1);
    tails[low] = index;
  }
  const run = new Set<number>();
  for (let index = tails.at(-1) ?? -1; index !== -1; index = before[index] ?? -1) run.add(index);
  return run;
}
