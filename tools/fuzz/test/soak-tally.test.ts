import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { Starvation } from '../src/sidecar/starvation.ts';
import { Tally } from '../src/soak/tally.ts';

describe('an operation that a time limit ended', () => {
  const limit = { wrong: 'a good request: answer, 504 upstream_timeout', isTimeLimit: true } as const;

  test.each([
    ['a denial', limit],
    ['a cut', { lost: 'cut, 200' }],
  ])('is late with %s when the processes waited for a core', (_, verdict) => {
    const tally = new Tally(() => 6_000);
    tally.record('keep-alive', performance.now(), verdict);
    expect(tally.of('keep-alive')).toMatchObject({ late: 1, wrong: 0 });
    expect(tally.problems).toEqual([]);
  });

  test('is wrong when they did not', () => {
    const tally = new Tally(() => 1_000);
    tally.record('keep-alive', performance.now(), limit);
    expect(tally.of('keep-alive')).toMatchObject({ late: 0, wrong: 1 });
    expect(tally.problems).toHaveLength(1);
  });
});

test('no other wrong answer and nothing that hangs is put down to the machine', () => {
  const tally = new Tally(() => 60_000);
  tally.record('denied body', performance.now(), { wrong: 'expected 403 dlp_blocked: answer, 200' });
  tally.record('denied body', performance.now(), 'hung');
  expect(tally.of('denied body')).toMatchObject({ late: 0, wrong: 1, hung: 1 });
});

test('waiting for a core is counted, using one is not', async () => {
  const starvation = new Starvation(() => [process.pid]);
  const spin = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
  starvation.sample();
  const begun = performance.now();
  // more than there are cores
  const others = Array.from({ length: 16 }, () => spawn(process.execPath, ['-e', 'for (;;);']));
  try {
    while (starvation.since(begun) < 100 && performance.now() - begun < 20_000) {
      spin(100);
      starvation.sample();
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    for (const each of others) each.kill('SIGKILL');
  }
  const waited = starvation.since(begun);
  expect(waited).toBeGreaterThanOrEqual(100);
  expect(waited).toBeLessThan(performance.now() - begun);
});
