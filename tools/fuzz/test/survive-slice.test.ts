import { expect, test } from 'vitest';
import { survive } from '../src/survive/survive.ts';

// `npm run survive` does a hundred times as much.
test('the proxy survives fuzzed bytes and malformed requests and answers the next good one', async () => {
  const result = await survive({ bytes: 150_000, requests: 1_000, seed: 1 });
  expect(result.requests).toBe(1_000);
  expect(result.bytes).toBeGreaterThanOrEqual(150_000);
});
