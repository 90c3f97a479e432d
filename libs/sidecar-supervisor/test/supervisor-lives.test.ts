import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { BackoffDelay, createSupervisor, spawnChild } from '@bot-bottle/sidecar-supervisor';
import { isRunning, openDescriptors, script, stays, watched } from './helpers.ts';

const limit = { timeout: 10_000 };

test('each line of output is prefixed with the name of its child', async () => {
  const one = script(
    'one',
    'process.stdout.write("a\\nb"); process.stderr.write("c\\n"); setInterval(() => {}, 1e5)',
  );
  const two = script('two', stays);
  const { supervisor, lines } = watched([one, two]);
  await supervisor.start();
  await expect.poll(() => lines, limit).toEqual(expect.arrayContaining(['[one] a', '[one] c', '[two] up']));
  await supervisor.shutdown();
  expect(lines).toContain('[one] b');
});

test('a child that dies is reported once, started again, and the others keep running', async () => {
  const dies = script('dies', 'process.exit(3)');
  const steady = script('steady', stays);
  const { supervisor, lines, exits, restarts } = watched([dies, steady]);
  await supervisor.start();
  await expect.poll(() => restarts.length, limit).toBeGreaterThanOrEqual(3);
  const pid = steady.lives[0]?.pid;
  expect(await isRunning(pid)).toBe(true);
  expect(steady.lives).toHaveLength(1);
  await supervisor.shutdown();
  const deaths = exits.filter(({ name }) => name === 'dies');
  expect(deaths).toHaveLength(dies.lives.length);
  expect(deaths[0]).toEqual({ name: 'dies', code: 3, signal: null, expected: false, restartInMs: 10 });
  expect(lines.filter((line) => line.startsWith('[supervisor] dies exited'))).toHaveLength(dies.lives.length);
});

test('a child that a signal killed is started again', async () => {
  const child = script('one', stays);
  const { supervisor, exits, restarts } = watched([child]);
  await supervisor.start();
  process.kill(child.lives[0]?.pid ?? 0, 'SIGKILL');
  await expect.poll(() => restarts, limit).toEqual(['one']);
  expect(exits[0]).toMatchObject({ code: null, signal: 'SIGKILL', expected: false });
});

test('delays grow, are capped, and are short again after a long life', () => {
  const delay = new BackoffDelay({ initialMs: 100, maxMs: 1000, factor: 2, resetAfterMs: 5000 });
  const early = Array.from({ length: 6 }, () => delay.next(0));
  expect(early).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect([delay.next(5000), delay.next(0)]).toEqual([100, 200]);
});

test('a start that fails later is tried again', async () => {
  const child = script('one', stays);
  let fails = 0;
  const start = async (signal: AbortSignal) => {
    if (child.lives.length === 1 && fails < 2) {
      fails += 1;
      throw new Error('no engine');
    }
    return child.start(signal);
  };
  const { supervisor, restarts } = watched([{ name: 'one', start }]);
  await supervisor.start();
  child.lives[0]?.kill('SIGKILL');
  await expect.poll(() => restarts, limit).toEqual(['one']);
  expect(fails).toBe(2);
});

test('a first start that fails stops the others and is told', async () => {
  const steady = script('steady', stays);
  const broken = { name: 'broken', start: () => Promise.reject(new Error('no such program')) };
  const { supervisor } = watched([steady, broken]);
  await expect(supervisor.start()).rejects.toMatchObject({ code: 'start_failed', data: { name: 'broken' } });
  expect(await isRunning(steady.lives[0]?.pid)).toBe(false);
});

test('a requested restart replaces the process, and requests made together are one', async () => {
  const child = script('one', stays);
  const { supervisor, exits, restarts } = watched([child]);
  await supervisor.start();
  expect(
    await Promise.all([supervisor.restart('one'), supervisor.restart('one'), supervisor.restart('one')]),
  ).toEqual([true, true, true]);
  expect(child.lives).toHaveLength(2);
  expect(restarts).toEqual(['one']);
  expect(exits).toEqual([expect.objectContaining({ expected: true, restartInMs: null })]);
  expect(await isRunning(child.lives[0]?.pid)).toBe(false);
});

test('a requested restart does not wait for a back-off that is going on', async () => {
  const child = script('one', stays);
  const { supervisor, exits } = watched([child], { backoff: { initialMs: 600_000, maxMs: 600_000 } });
  await supervisor.start();
  child.lives[0]?.kill('SIGKILL');
  await expect.poll(() => exits.length, limit).toBe(1);
  expect(supervisor.child('one')).toBe(null);
  expect(await supervisor.restart('one')).toBe(true);
  expect(child.lives).toHaveLength(2);
});

test('a restart of an unknown name is refused', async () => {
  const { supervisor } = watched([script('one', stays)]);
  await expect(supervisor.restart('toString')).rejects.toMatchObject({ code: 'unknown_child' });
  await expect(supervisor.restart('')).rejects.toMatchObject({ code: 'unknown_child' });
});

test('a restart after the shutdown began is dropped', async () => {
  const child = script('one', stays);
  const { supervisor } = watched([child]);
  await supervisor.start();
  const shutdown = supervisor.shutdown();
  expect(await supervisor.restart('one')).toBe(false);
  await shutdown;
  expect(child.lives).toHaveLength(1);
});

test('a signal reaches its child alone', async () => {
  const source =
    'process.on("SIGHUP", () => console.log("hup")); setInterval(() => {}, 1e5); console.log("up")';
  const { supervisor, lines } = watched([script('one', source), script('two', source)]);
  await supervisor.start();
  await expect.poll(() => lines.length, limit).toBe(2);
  supervisor.signal('one', 'SIGHUP');
  await expect.poll(() => lines, limit).toContain('[one] hup');
  expect(lines).not.toContain('[two] hup');
});

test('each child gets only its own input', async () => {
  const echo = 'process.stdin.pipe(process.stdout)';
  const [one, two] = [script('one', echo), script('two', echo)];
  const { supervisor, lines } = watched([one, two]);
  await supervisor.start();
  one.lives[0]?.stdin?.write('for one\n');
  two.lives[0]?.stdin?.write('for two\n');
  await expect.poll(() => [...lines].toSorted(), limit).toEqual(['[one] for one', '[two] for two']);
});

async function outputOf(argv: readonly string[], env: Record<string, string>): Promise<string[]> {
  const child = await spawnChild(argv, { env });
  let text = '';
  for await (const chunk of child.stdout ?? []) text += String(chunk);
  return text.split('\n').filter((line) => line !== '');
}

test('a child gets no descriptor that this process opened', async () => {
  // What the test runner itself was started with, beside the folder that ls reads, is not of our making.
  const inherited = execFileSync('/bin/ls', ['/proc/self/fd'], { encoding: 'utf8' }).trim().split('\n');
  const neighbour = await spawnChild(['/bin/cat'], { env: {} });
  onTestFinished(() => neighbour.kill('SIGKILL'));
  const file = await open('/proc/self/stat');
  onTestFinished(() => file.close());
  expect(await outputOf(['/bin/ls', '/proc/self/fd'], {})).toEqual(inherited);
});

test('a child inherits nothing of the environment', async () => {
  expect(await outputOf(['/usr/bin/env'], { ONLY: 'this' })).toEqual(['ONLY=this']);
});

test('many lives leave no descriptors open', async () => {
  const child = script('one', 'console.log("x")');
  const { supervisor } = watched([child], { backoff: { initialMs: 1, maxMs: 1 } });
  await supervisor.start();
  await expect.poll(() => child.lives.length, limit).toBeGreaterThanOrEqual(3);
  const before = await openDescriptors();
  await expect.poll(() => child.lives.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(15);
  expect(await openDescriptors()).toBeLessThanOrEqual(before + 6);
});

test.each(['', 'UPPER', 'a b', '../x', 'supervisor'])('the name %j is refused', (name) => {
  expect(() => createSupervisor({ children: [script(name, '')], output: () => undefined })).toThrow(
    expect.objectContaining({ code: 'invalid_argument' }),
  );
});
