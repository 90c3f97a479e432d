import { visibleLine } from '@bot-bottle/audit';
import type { HostRisk } from '@bot-bottle/backend';

/** Rows that are shown of a list; all are in the JSON form. */
export const shownRows = 100;

/** What could execute on the host, one a line, with all text made visible. */
export function riskLines(risks: readonly HostRisk[], limit: number = shownRows): string[] {
  const lines = risks
    .slice(0, limit)
    .map(({ kind, path, why }) => `${kind.padEnd(10)}  ${visibleLine(path, 200)}  ${visibleLine(why, 300)}`);
  return [...lines, ...more(risks.length - lines.length)];
}

/** What was passed over, one a line, with the reason. */
export function skippedLines(
  skipped: ReadonlyArray<{ readonly path: string; readonly why: string }>,
  limit: number = shownRows,
): string[] {
  const lines = skipped
    .slice(0, limit)
    .map(({ path, why }) => `${visibleLine(path, 200)}: ${visibleLine(why, 200)}`);
  return [...lines, ...more(skipped.length - lines.length)];
}

const more = (count: number): string[] => (count > 0 ? [`and ${count} more; --json lists all`] : []);
