import { describe, expect, test } from 'vitest';
import { runTarget } from '../src/fuzz/run-target.ts';
import { allTargets } from '../src/targets/all-targets.ts';

/** The same every time, so that a change that breaks something is noticed with it. */
const fixed = 1;
/** Another one every time; its number is the name of the test. */
const fresh = Date.now() % 1_000_000_000;
const INPUTS = 300;
const INPUTS_OVER_SOCKETS = 80;

// `npm run fuzz -- <target> --seconds N --seed S` does the same for longer.
describe.each(allTargets)('$name: $about', (target) => {
  test.each([fixed, fresh])('seed %i', async (seed) => {
    const inputs = target.concurrency === undefined ? INPUTS : INPUTS_OVER_SOCKETS;
    const { crash, accepted } = await runTarget(target, { seed, inputs, seconds: 30 });
    const told = crash === null ? null : `${crash.message}; saved as ${crash.file}`;
    expect(told).toBe(null);
    expect(accepted).toBeGreaterThan(0);
  });
});
