/** Longest allowed source file, in lines. */
export const MAX_LINES = 500;

export interface SourceFile {
  readonly path: string;
  readonly lines: number;
}

export interface SizeReport {
  readonly files: number;
  readonly lines: number;
  readonly median: number;
  readonly p95: number;
  readonly tooLong: readonly SourceFile[];
}

/** Sums up how long the files are and which of them are too long. */
export function checkSizes(files: readonly SourceFile[]): SizeReport {
  const sorted = files.map((file) => file.lines).toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    files: files.length,
    lines: sorted.reduce((sum, lines) => sum + lines, 0),
    median: at(0.5),
    p95: at(0.95),
    tooLong: files.filter((file) => file.lines > MAX_LINES),
  };
}
