import { visibleLine } from '@bot-bottle/audit';

/** Rows under headings, in columns of equal width; cells are made visible and cut to 60 characters. */
export function renderTable(headings: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const cells = [
    headings,
    ...rows.map((row) => row.map((cell) => (cell === '' ? '-' : visibleLine(cell, 60)))),
  ];
  const widths = headings.map((_, column) =>
    Math.max(...cells.map((row) => Array.from(row[column] ?? '').length)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const pad = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - Array.from(text).length));
