import {
  benignPassed,
  knownContained,
  tokensContained,
  type Outcome,
} from '../../../../libs/dlp/test/support/corpus/measure.ts';
import type { BenchRow } from '../bench-row.ts';

/** One case of so many: coprime to the numbers of encodings and surfaces. All of the nested ones would take hours. */
const strides = { nested: 29, beyond: 211, tokens: 5 } as const;
const HARMLESS = 10_500;
const SEED = 'bench';

/** What is contained and what passes over the whole corpora. */
export async function corpusRows(): Promise<BenchRow[]> {
  const single = await knownContained(SEED, 'single', 1);
  const nested = await knownContained(SEED, 'nested', strides.nested);
  const beyond = await knownContained(SEED, 'beyond', strides.beyond);
  const tokens = await tokensContained(strides.tokens);
  const { manifest, provider } = await benignPassed(SEED, HARMLESS);
  return [
    row('known values and canaries, one encoding', single, 100),
    row('known values and canaries, two encodings', nested, 100),
    row('the same, two encodings beyond those of chapter 04', beyond, null),
    row('credential formats, raw and in one encoding', tokens, 98),
    row('harmless requests that pass, default policy', manifest, 99.9),
    row('conversations that pass, provider routes', provider, 100),
  ];
}

function row(name: string, { cases, right, wrong }: Outcome, budget: number | null): BenchRow {
  const value = (100 * right) / cases;
  const missed = wrong.length === 0 ? '' : `; missed e.g. ${wrong.slice(0, 3).join('; ')}`;
  return {
    name: `DLP, ${name}`,
    value,
    unit: '%',
    budget: budget === null ? null : `≥ ${budget} %`,
    ok: budget === null ? null : value >= budget,
    note: `${right} of ${cases}${missed}`,
  };
}
