import type { BottleCase, LaunchCase } from '../parity-case.ts';

/** Cases of one area that need a bottle only. */
export function bottleCases(
  area: string,
  cases: Readonly<Record<string, BottleCase['run']>>,
): readonly BottleCase[] {
  return Object.entries(cases).map(([name, run]) => ({ area, name, needs: 'bottle', run }));
}

/** Cases of one area that need whole launches. */
export function launchCases(
  area: string,
  cases: Readonly<Record<string, LaunchCase['run']>>,
): readonly LaunchCase[] {
  return Object.entries(cases).map(([name, run]) => ({ area, name, needs: 'launch', run }));
}
