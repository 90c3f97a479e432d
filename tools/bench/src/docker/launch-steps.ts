import { median } from '../start-up/timed-run.ts';

export interface StepTime {
  readonly what: string;
  readonly fromMs: number;
  readonly tookMs: number;
}

/** The steps that `bot-bottle --verbose` tells of, in the order in which they began. */
export function stepsIn(stderr: string): readonly StepTime[] {
  return [...stderr.matchAll(/^bot-bottle: took (\d+) ms from (\d+) ms: (.+)$/gm)]
    .map(([, took, from, what = '']) => ({ what, fromMs: Number(from), tookMs: Number(took) }))
    .toSorted((one, other) => one.fromMs - other.fromMs);
}

/** Medians of each step over some launches; of several steps of one name in a launch the longest counts. */
export function medianSteps(launches: ReadonlyArray<readonly StepTime[]>): readonly StepTime[] {
  const names = [...new Set(launches.flatMap((steps) => steps.map(({ what }) => what)))];
  const of = (name: string, field: 'fromMs' | 'tookMs'): number =>
    median(
      launches.flatMap((steps) => {
        const values = steps.filter(({ what }) => what === name).map((step) => step[field]);
        return values.length === 0 ? [] : [Math.max(...values)];
      }),
    );
  return names
    .map((what) => ({ what, fromMs: of(what, 'fromMs'), tookMs: of(what, 'tookMs') }))
    .toSorted((one, other) => one.fromMs - other.fromMs);
}
