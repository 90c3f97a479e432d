/** What one backend did in one case. */
export interface ParityCell {
  readonly area: string;
  readonly row: string;
  readonly backend: string;
  readonly seen: 'yes' | 'no';
}

/**
 * What was seen of one backend, beside what is published of the others: one that was not run keeps its column.
 *
 * @param backends columns, in their order
 */
export function mergeParity(
  published: string,
  backends: readonly string[],
  ran: string,
  seen: readonly ParityCell[],
): ParityTable {
  const kept = [...readCells(published).values()].flatMap(({ area, row, backend, cell }): ParityCell[] =>
    backend !== ran && (cell === 'yes' || cell === 'no') ? [{ area, row, backend, seen: cell }] : [],
  );
  return { backends, cells: [...seen, ...kept] };
}

/** Cells by area and row, for one column of each backend. */
export interface ParityTable {
  readonly backends: readonly string[];
  readonly cells: readonly ParityCell[];
}

const notRun = 'not run here';

const head = `# Backends

What each backend does, as the parity kit of \`@bot-bottle/backend/parity\` saw it: one list of cases, run unchanged on
every backend. "no" is a capability that the backend does not claim. \`npm run parity\` writes this file, and the
end-to-end tests fail when it differs from what they saw.
`;

/** The published text. */
export function renderParity({ backends, cells }: ParityTable): string {
  const areas = [...new Set(cells.map(({ area }) => area))];
  const tables = areas.map((area) => {
    const rows = [...new Set(cells.filter((cell) => cell.area === area).map(({ row }) => row))];
    return [
      `## ${area}`,
      '',
      line(['', ...backends]),
      line(['---', ...backends.map(() => '---')]),
      ...rows.map((row) => line([row, ...backends.map((backend) => cellOf(cells, area, row, backend))])),
      '',
    ].join('\n');
  });
  return [head, ...tables].join('\n');
}

const line = (parts: readonly string[]): string => `| ${parts.join(' | ')} |`;

function cellOf(cells: ParityTable['cells'], area: string, row: string, backend: string): string {
  const found = cells.find((cell) => cell.area === area && cell.row === row && cell.backend === backend);
  return found?.seen ?? notRun;
}

/**
 * Where a published text and a run differ, in words. A backend that did not run is not compared, nor is a row of
 * `varies`, which depends on the machine.
 */
export function parityDifferences(
  published: string,
  seen: ParityTable,
  ran: readonly string[],
  varies: ReadonlySet<string>,
): readonly string[] {
  const was = readCells(published);
  const is = readCells(renderParity(seen));
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key) => {
    const { row, backend } = is.get(key) ?? was.get(key) ?? { row: '', backend: '' };
    if (varies.has(row) || !ran.includes(backend)) return [];
    const [before, now] = [was.get(key)?.cell ?? 'no row', is.get(key)?.cell ?? 'no row'];
    return before === now ? [] : [`${key}: published "${before}", seen "${now}"`];
  });
}

interface ReadCell {
  readonly area: string;
  readonly row: string;
  readonly backend: string;
  readonly cell: string;
}

function readCells(text: string): ReadonlyMap<string, ReadCell> {
  const cells = new Map<string, ReadCell>();
  let area = '';
  let backends: readonly string[] = [];
  for (const each of text.split('\n')) {
    if (each.startsWith('## ')) {
      area = each.slice(3);
      backends = [];
    }
    const [row, ...columns] = each.startsWith('| ') ? each.slice(2, -2).split(' | ') : [];
    if (row === undefined || row === '---') continue;
    if (row === '') backends = columns;
    else
      for (const [index, backend] of backends.entries())
        cells.set(`${area} / ${row} / ${backend}`, { area, row, backend, cell: columns[index] ?? '' });
  }
  return cells;
}
