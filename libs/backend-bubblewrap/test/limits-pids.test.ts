import { totalmem } from 'node:os';
import { execInBottle } from '@bot-bottle/backend';
import { expect, test } from 'vitest';
import { enforcedLimits, limitCommand, processLimit } from '../src/limits.ts';
import { localBottle } from './support/local-bottle.ts';
import { Subject, users } from './support/subject.ts';

const forks =
  'my $n = 0; my @kids; for (1..300) { my $p = fork; last unless defined $p; if (!$p) { sleep 100; exit } push @kids, $p; $n++ } print "$n\\n"; kill 9, @kids;';

test.each(users)('a fork bomb stops at the limit and the bottle goes on, started by $name', async (user) => {
  const subject = new Subject(user);
  try {
    await subject.open({ resources: { memory: null, cpus: null, pids: 50, disk: null } });
    const count = Number((await subject.exec('perl', '-e', forks)).stdout);
    expect(count).toBeGreaterThan(30);
    expect(count).toBeLessThan(80);
    expect((await subject.sh('ulimit -u 100000 2>&1; echo on')).stdout).toContain('on');
  } finally {
    await subject.dispose();
  }
});

test('without a limit ordinary work does not meet one', async () => {
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
});

test('a bottle without a limit cannot take every process of the host', () => {
  expect(limitCommand({ pids: null }, Number.POSITIVE_INFINITY)).toContain('--nproc=8216:8216');
});

test("no limit goes above the operator's own, which the kernel would refuse", () => {
  const limits = 'Limit   Soft Limit  Hard Limit  Units\nMax processes     100      4000     processes\n';
  expect(limitCommand({ pids: 1_000_000 }, processLimit(limits))).toContain('--nproc=4000:4000');
  expect(processLimit('Max processes   unlimited   unlimited   processes\n')).toBe(Number.POSITIVE_INFINITY);
});

test('folders in memory hold far less than the machine has', async () => {
  const local = await localBottle();
  try {
    const folders = ['/tmp', '/var/tmp', '/dev/shm', '/run'];
    const { stdout } = await execInBottle(local.bottle, ['df', '--output=size', '-B1', ...folders]);
    const sizes = stdout.trim().split('\n').slice(1).map(Number);
    expect(sizes).toHaveLength(4);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(totalmem() * 0.55);
    const filled = await execInBottle(local.bottle, ['sh', '-c', 'head -c 32M /dev/zero > /run/x']);
    expect(filled.code).not.toBe(0);
  } finally {
    await local.dispose();
  }
});
