import { execInBottle } from '@bot-bottle/backend';
import { expect, test } from 'vitest';
import { enforcedLimits, limitCommand } from '../src/limits.ts';
import { localBottle } from './support/local-bottle.ts';

const forks =
  'my $n = 0; my @kids; for (1..300) { my $p = fork; last unless defined $p; if (!$p) { sleep 100; exit } push @kids, $p; $n++ } print "$n\\n"; kill 9, @kids;';

test('a fork bomb stops at the limit and the bottle goes on', async () => {
  const local = await localBottle({ resources: { memory: null, cpus: null, pids: 50, disk: null } });
  try {
    const count = Number((await execInBottle(local.bottle, ['perl', '-e', forks])).stdout);
    expect(count).toBeGreaterThan(30);
    expect(count).toBeLessThan(80);
    expect(
      (await execInBottle(local.bottle, ['sh', '-c', 'ulimit -u 100000 2>&1; echo on'])).stdout,
    ).toContain('on');
  } finally {
    await local.dispose();
  }
});

test('without a limit there is none', async () => {
  const local = await localBottle();
  try {
    expect(Number((await execInBottle(local.bottle, ['perl', '-e', forks])).stdout)).toBe(300);
  } finally {
    await local.dispose();
  }
});

test('only limits that hold are claimed', () => {
  expect(enforcedLimits('6.1.0')).toEqual(['pids']);
  expect(enforcedLimits('5.10.0')).toEqual([]);
  expect(limitCommand({ pids: null })).toEqual([]);
});
