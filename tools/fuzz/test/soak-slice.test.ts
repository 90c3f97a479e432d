import { expect, test } from 'vitest';
import { egressSoak } from '../src/soak/egress-soak.ts';

// The same as `npm run soak` for a few seconds: every operation, every fault, kills, and nothing left afterwards.
test('mixed streams while upstreams fail and the proxy is killed', { timeout: 300_000 }, async () => {
  const result = await egressSoak({
    seconds: 12,
    seed: 7,
    withFaults: true,
    actors: 40,
    idleMs: 6_000,
    streamMs: 3_000,
    killEvery: [3, 5],
    mostKills: 1,
  });
  expect(result.problems).toEqual([]);
  expect(result.kills).toBeGreaterThan(0);
});
