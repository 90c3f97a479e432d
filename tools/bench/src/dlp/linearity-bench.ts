import { growths, type Growth } from '../../../../libs/dlp/test/support/linearity.ts';
import type { BenchRow } from '../bench-row.ts';

/** Whether any rule or layer takes more than its share of time for a longer text, from 256 KiB to 16 MiB. */
export async function linearityBench(): Promise<BenchRow[]> {
  const rules: Growth[] = [];
  const layers: Growth[] = [];
  for (const growth of growths()) {
    (growth.name.startsWith('all layers') ? layers : rules).push(growth);
    if (!growth.isLinear) process.stderr.write(`bench: ${growth.name} is not linear\n`);
    await Promise.resolve();
  }
  return [...rowsOf('rules', rules), ...rowsOf('layers', layers)];
}

function rowsOf(what: string, all: readonly Growth[]): BenchRow[] {
  const rest = all.filter((growth) => !growth.isLinear).map((growth) => growth.name);
  const worst = (value: (growth: Growth) => number): Growth | undefined =>
    all.toSorted((a, b) => value(b) - value(a))[0];
  const fourfold = worst((growth) => growth.fourfold);
  const overall = worst((growth) => growth.overall);
  const slowest = worst((growth) => -growth.mibPerSecond);
  const row = (name: string, value: number | undefined, unit: string, note = ''): BenchRow => ({
    name: `DLP, ${all.length} worst cases of ${what}, ${name}`,
    value: value ?? Number.NaN,
    unit,
    ok: null,
    note,
  });
  return [
    {
      ...row('those that are not linear', rest.length, 'of them', rest.join('; ')),
      budget: '0',
      ok: rest.length === 0 && all.length > 0,
    },
    row('most time for four times the text', fourfold?.fourfold, '×', fourfold?.name),
    row('most time for 64 times the text', overall?.overall, '×', overall?.name),
    row('slowest at 16 MiB', slowest?.mibPerSecond, 'MiB/s', slowest?.name),
  ];
}
