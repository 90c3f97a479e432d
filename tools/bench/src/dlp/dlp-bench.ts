import type { BenchRow } from '../bench-row.ts';
import { runDlpBench } from './corpora-speed.ts';
import { corpusRows } from './corpus-rows.ts';

/** Corpora that the specification names get its main budget, the others its floor. */
const budgets: Readonly<Record<string, number>> = { json: 100, source: 100, base64: 100 };
const floor = 30;

/** How fast a whole body is scanned with every default detector on, and what the scanner finds and lets pass. */
export async function dlpBench(): Promise<BenchRow[]> {
  const speeds = (await runDlpBench()).map(({ name, mibPerSecond }): BenchRow => {
    const budget = budgets[name.toLowerCase()] ?? floor;
    return {
      name: `DLP, ${name}`,
      value: mibPerSecond,
      unit: 'MiB/s',
      budget: `≥ ${budget} MiB/s/core`,
      ok: mibPerSecond >= budget,
    };
  });
  return [...speeds, ...(await corpusRows())];
}
