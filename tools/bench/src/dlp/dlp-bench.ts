import type { BenchRow } from '../bench-row.ts';
import { runDlpBench } from './corpora-speed.ts';

/** Corpora that the specification names get its main budget, the others its floor. */
const budgets: Readonly<Record<string, number>> = { json: 100, source: 100, base64: 100 };
const floor = 30;

/** How fast a whole body is scanned with every default detector on, per corpus of 1 MiB. */
export async function dlpBench(): Promise<BenchRow[]> {
  return (await runDlpBench()).map(({ name, mibPerSecond }) => {
    const budget = budgets[name.toLowerCase()] ?? floor;
    return {
      name: `DLP, ${name}`,
      value: mibPerSecond,
      unit: 'MiB/s',
      budget: `≥ ${budget} MiB/s/core`,
      ok: mibPerSecond >= budget,
    };
  });
}
