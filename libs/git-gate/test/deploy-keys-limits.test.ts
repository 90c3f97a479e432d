import { describe, expect, test } from 'vitest';
import { rateLimitWait } from '../src/deploy-keys/rate-limit.ts';
import type { Fault } from '../src/testing/index.ts';
import { failureOf, providers, sampleClient, sampleForge } from './support/sample-forge.ts';

const absent = { title: 'bot-bottle/x', fingerprint: `SHA256:${'A'.repeat(43)}` };
const times = (count: number, fault: Fault) => {
  let left = count;
  return () => ((left -= 1) >= 0 ? fault : null);
};

describe.each(providers)('%s', (provider) => {
  test.each(['primary', 'secondary'] as const)('waits for the %s limit and goes on', async (limit) => {
    await using forge = await sampleForge(provider);
    forge.fault = times(2, { kind: 'limit', seconds: 30, limit });
    const waits: number[] = [];
    expect(await sampleClient(provider, forge, {}, waits).find(absent)).toBeNull();
    expect(waits).toHaveLength(2);
    for (const ms of waits) {
      // The times of the primary limit of GitHub are whole seconds.
      expect(ms).toBeGreaterThanOrEqual(29_000);
      expect(ms).toBeLessThanOrEqual(31_000);
    }
  });

  test('gives up after three waits', async () => {
    await using forge = await sampleForge(provider);
    forge.fault = () => ({ kind: 'limit', seconds: 10 });
    const waits: number[] = [];
    const error = await failureOf(sampleClient(provider, forge, {}, waits).find(absent));
    expect(error).toMatchObject({ code: 'rate_limited', nothingDone: true });
    expect(forge.requests).toHaveLength(4);
    expect(waits).toHaveLength(3);
  });

  test('does not wait an hour, and says when to try again', async () => {
    await using forge = await sampleForge(provider);
    forge.fault = () => ({ kind: 'limit', seconds: 3600 });
    const waits: number[] = [];
    const error = await failureOf(sampleClient(provider, forge, {}, waits).find(absent));
    expect(error).toMatchObject({ code: 'rate_limited', hint: expect.stringMatching(/in 3[56]\d\d s/) });
    expect(waits).toEqual([]);
  });
});

test('a 403 of GitHub without a limit is a refusal', async () => {
  await using forge = await sampleForge('github');
  forge.state.readers.add('reader-token');
  const waits: number[] = [];
  const error = await failureOf(sampleClient('github', forge, { token: 'reader-token' }, waits).find(absent));
  expect(error).toMatchObject({ code: 'forbidden' });
  expect(waits).toEqual([]);
});

const wait = (status: number, headers: Record<string, string>, text = '') =>
  rateLimitWait({ status, headers: new Headers(headers), text }, 1_000_000);

test.each([
  ['no limit', 200, { 'retry-after': '5' }, null],
  ['403 with things remaining', 403, { 'x-ratelimit-remaining': '7' }, null],
  ['seconds', 429, { 'retry-after': '5' }, 5000],
  ['nothing told', 429, {}, 60_000],
  ['nonsense', 429, { 'retry-after': 'soon' }, 60_000],
  ['zero', 429, { 'retry-after': '0' }, 1000],
  ['the past', 429, { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 1000],
  [
    'a date, by the clock of the server',
    429,
    { 'retry-after': 'Thu, 01 Jan 1970 00:00:50 GMT', date: 'Thu, 01 Jan 1970 00:00:40 GMT' },
    10_000,
  ],
  ['a reset', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1020' }, 20_000],
] as const)('rate limit: %s', (_name, status, headers, expected) => {
  expect(wait(status, headers)).toBe(expected);
});

test('a secondary limit of GitHub without headers waits a minute', () => {
  expect(wait(403, {}, '{"message":"You have exceeded a secondary rate limit."}')).toBe(60_000);
});
