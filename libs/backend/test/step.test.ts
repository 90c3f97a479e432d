import { expect, it } from 'vitest';
import { timed, type Step } from '../src/index.ts';

it('tells of a step when it is over, also when it failed, and passes on how it ended', async () => {
  const told: Step[] = [];
  const onStep = (step: Step): void => void told.push(step);
  expect(await timed(onStep, 'one', async () => 1)).toBe(1);
  await expect(timed(onStep, 'two', async () => await Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(told.map(({ what }) => what)).toEqual(['one', 'two']);
  for (const { fromMs, tookMs } of told) {
    expect(fromMs).toBeGreaterThan(0);
    expect(tookMs).toBeGreaterThanOrEqual(0);
  }
  expect(await timed(undefined, 'three', async () => 3)).toBe(3);
});
