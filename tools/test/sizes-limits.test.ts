import { expect, it } from 'vitest';
import { checkSizes, MAX_LINES } from '../src/sizes/check-sizes.ts';

it('names files over the limit and leaves those at it', () => {
  const report = checkSizes([
    { path: 'at.ts', lines: MAX_LINES },
    { path: 'over.ts', lines: MAX_LINES + 1 },
  ]);
  expect(report.tooLong.map((file) => file.path)).toEqual(['over.ts']);
});

it('reports the median', () => {
  const report = checkSizes([10, 20, 30].map((lines) => ({ path: `${lines}`, lines })));
  expect(report.median).toBe(20);
});
