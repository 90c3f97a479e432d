import type { ScannedLine } from './contracts.ts';

/** Missing seqs between two lines that are there. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** line that follows the gap */
  readonly before: ScannedLine;
  /** positions in the files between which the missing lines stood */
  readonly start: number;
  readonly end: number;
  filled: number;
}

/** Gaps in lines sorted by seq; `position` is the index of a line over all files. */
export function findGaps(
  sorted: readonly ScannedLine[],
  position: ReadonlyMap<ScannedLine, number>,
): readonly Gap[] {
  const gaps: Gap[] = [];
  let seq = 0;
  let start = -1;
  for (const line of sorted) {
    const found = line.seq ?? 0;
    const end = position.get(line) ?? 0;
    if (found > seq + 1) gaps.push({ from: seq + 1, to: found - 1, before: line, start, end, filled: 0 });
    seq = found;
    start = end;
  }
  return gaps;
}

/** Counts a damaged line as one of the missing ones, by what it claims or by where it stands. */
export function fillGap(gaps: readonly Gap[], line: ScannedLine, position: number): boolean {
  const hasRoom = (gap: Gap): boolean => gap.filled < gap.to - gap.from + 1;
  const claimed = line.seq;
  const gap =
    gaps.find((each) => hasRoom(each) && claimed !== null && claimed >= each.from && claimed <= each.to) ??
    gaps.find((each) => hasRoom(each) && position > each.start && position < each.end);
  if (gap === undefined) return false;
  gap.filled += 1;
  return true;
}
