import { visibleLine } from '@bot-bottle/audit';
import { structuredPatch } from 'diff';

/** Longest line, in UTF-16 units: no end of what is changed is hidden. */
const LONGEST = 8192;
/** Milliseconds after which two texts are shown whole, one after the other. */
const LIMIT_MS = 2000;

/** The difference of two texts as lines of a unified diff, hostile text made visible; [] when they are the same. */
export function unifiedDiff(name: string, before: string, after: string): string[] {
  if (before === after) return [];
  const shown = visibleLine(name, LONGEST);
  const patch = structuredPatch('', '', before, after, '', '', { context: 3, timeout: LIMIT_MS });
  const head = [`--- ${shown}`, `+++ ${shown}`];
  if (patch === undefined) return [...head, ...whole('-', before), ...whole('+', after)];
  return [
    ...head,
    ...patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
      `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
      ...lines.map((line) => visibleLine(line, LONGEST)),
    ]),
  ];
}

const whole = (sign: string, text: string): string[] =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `${sign}${visibleLine(line, LONGEST)}`);
