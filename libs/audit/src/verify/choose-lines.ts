import type { ScannedLine } from './contracts.ts';

export interface ChosenLines {
  /** one line for each seq, in the order of the files */
  readonly chosen: readonly ScannedLine[];
  /** genuine lines whose seq another line has */
  readonly surplus: readonly ScannedLine[];
}

/**
 * Decides which of several lines with the same seq is the one that was written: the one that a head names, else the
 * one that its neighbours link to, else the first.
 */
export function chooseLines(
  lines: readonly ScannedLine[],
  headHashes: ReadonlyMap<number, ReadonlySet<string>>,
): ChosenLines {
  const bySeq = Map.groupBy(
    lines.filter((line) => line.genuine),
    (line) => line.seq ?? 0,
  );
  const score = (line: ScannedLine, seq: number): number => {
    const isNamed = headHashes.get(seq)?.has(line.hash) === true;
    const follows = bySeq.get(seq - 1)?.some((other) => other.hash === line.prev) === true;
    const isFollowed = bySeq.get(seq + 1)?.some((other) => other.prev === line.hash) === true;
    return (isNamed ? 4 : 0) + (isFollowed ? 2 : 0) + (follows ? 1 : 0);
  };
  const surplus = new Set<ScannedLine>();
  for (const [seq, candidates] of bySeq) {
    if (candidates.length === 1) continue;
    const scores = candidates.map((line) => score(line, seq));
    const best = scores.indexOf(Math.max(...scores));
    for (const [index, line] of candidates.entries()) if (index !== best) surplus.add(line);
  }
  return { chosen: lines.filter((line) => line.genuine && !surplus.has(line)), surplus: [...surplus] };
}
