import type { BenchRow } from './bench-row.ts';

/** The rows as a Markdown table. */
export function renderTable(rows: readonly BenchRow[]): string {
  const lines = rows.map((row) => [
    row.name,
    `${format(row.value)} ${row.unit}`,
    row.peer
      ? `${row.peer}: ${row.peerValue === null || row.peerValue === undefined ? 'missing' : format(row.peerValue)}`
      : '',
    row.ratio === null || row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} ×`,
    row.budget ?? '',
    row.ok === null ? 'not judged' : row.ok ? 'holds' : 'MISSED',
    row.note ?? '',
  ]);
  const header = ['what', 'measured', 'peer', 'ratio', 'budget', 'verdict', 'note'];
  return [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function format(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  return value >= 100 ? Math.round(value).toString() : value.toFixed(2);
}
