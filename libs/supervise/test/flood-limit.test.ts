import { expect, it } from 'vitest';
import { FloodLimit, MAX_OPEN, MAX_PER_MINUTE } from '../src/index.ts';

const tooMany: unknown = expect.objectContaining({ code: 'too_many_proposals' });

it('takes as many as may wait, and not one more', () => {
  const limit = new FloodLimit(() => 0);
  limit.take(MAX_OPEN - 1);
  expect(() => limit.take(MAX_OPEN)).toThrow(tooMany);
});

it('takes ten a minute, and again when the minute is over', () => {
  let now = 0;
  const limit = new FloodLimit(() => now);
  for (let count = 0; count < MAX_PER_MINUTE; count += 1) limit.take(0);
  now = 59_999;
  expect(() => limit.take(0)).toThrow(tooMany);
  now = 60_000;
  limit.take(0);
});

it('does not count what it refused', () => {
  let now = 0;
  const limit = new FloodLimit(() => now);
  for (let count = 0; count < MAX_PER_MINUTE; count += 1) limit.take(0);
  now = 30_000;
  for (let count = 0; count < 100; count += 1) expect(() => limit.take(0)).toThrow(tooMany);
  now = 60_000;
  for (let count = 0; count < MAX_PER_MINUTE; count += 1) limit.take(0);
});
