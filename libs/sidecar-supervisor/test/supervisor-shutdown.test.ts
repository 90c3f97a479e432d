import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { spawnChild } from '@bot-bottle/sidecar-supervisor';
import { isRunning, script, stays, watched } from './helpers.ts';

const limit = { timeout: 10_000 };
const exitsWith = (code: number): string =>
  `process.on("SIGTERM", () => process.exit(${code})); setInterval(() => {}, 1e5); console.log("up")`;
const stubborn = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e5); console.log("up")';

test('the exit code is the largest positive one of the last exits', async () => {
  const { supervisor, lines } = watched([
    script('a', exitsWith(0)),
    script('b', exitsWith(7)),
    script('c', exitsWith(4)),
  ]);
  await supervisor.start();
  await expect.poll(() => lines.length, limit).toBe(3);
  expect(await supervisor.shutdown()).toBe(7);
});

test('the exit code is 0 when all end in order or by the signal', async () => {
  const { supervisor, lines } = watched([script('a', exitsWith(0)), script('b', stays)]);
  await supervisor.start();
  await expect.poll(() => lines.length, limit).toBe(2);
  expect(await supervisor.shutdown()).toBe(0);
});

test('a child that ignores SIGTERM is killed after the grace time', async () => {
  const child = script('one', stubborn);
  const { supervisor, lines, exits } = watched([child], { graceMs: 100 });
  await supervisor.start();
  await expect.poll(() => lines, limit).toContain('[one] up');
  await supervisor.shutdown();
  expect(exits).toEqual([{ name: 'one', code: null, signal: 'SIGKILL', expected: true, restartInMs: null }]);
  expect(await isRunning(child.lives[0]?.pid)).toBe(false);
});

test('one stubborn child does not delay the end of the others', async () => {
  const quickChild = script('quick', exitsWith(0));
  const { supervisor, lines, exits } = watched([script('slow', stubborn), quickChild], { graceMs: 1500 });
  await supervisor.start();
  await expect.poll(() => lines.length, limit).toBe(2);
  await supervisor.shutdown();
  expect(exits.map(({ name }) => name)).toEqual(['quick', 'slow']);
});

test('shutdown during a back-off starts nothing any more', async () => {
  const child = script('one', 'process.exit(5)');
  const { supervisor, exits } = watched([child], { backoff: { initialMs: 300, maxMs: 300 } });
  await supervisor.start();
  await expect.poll(() => exits.length, limit).toBe(1);
  expect(await supervisor.shutdown()).toBe(5);
  expect(child.lives).toHaveLength(1);
});

test('a start that hangs does not hang the shutdown, and its late child is stopped', async () => {
  const late = script('late', stays);
  const gate = Promise.withResolvers<void>();
  const start = async (signal: AbortSignal) => {
    await gate.promise;
    return late.start(signal);
  };
  const { supervisor } = watched([{ name: 'late', start }], { graceMs: 50 });
  const started = supervisor.start();
  await supervisor.shutdown();
  gate.resolve();
  await started.catch(() => undefined);
  await expect.poll(() => late.lives.length, limit).toBe(1);
  await expect.poll(() => isRunning(late.lives[0]?.pid), limit).toBe(false);
});

test('what a child left in its group goes with it', async () => {
  const source = `
    const { spawn } = require('node:child_process');
    const other = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e5)'], { stdio: 'inherit' });
    console.log('pid ' + other.pid); setInterval(() => {}, 1e5)`;
  const { supervisor, lines } = watched([script('one', source)]);
  await supervisor.start();
  await expect.poll(() => lines.length, limit).toBe(1);
  const pid = Number(lines[0]?.split(' ').at(-1));
  expect(await isRunning(pid)).toBe(true);
  await supervisor.shutdown();
  await expect.poll(() => isRunning(pid), limit).toBe(false);
});

test('shutdown twice is one shutdown', async () => {
  const { supervisor, exits } = watched([script('one', stays)]);
  await supervisor.start();
  await Promise.all([supervisor.shutdown(), supervisor.shutdown()]);
  expect(exits).toHaveLength(1);
});

test('a flood without newlines is passed on in bounded pieces', async () => {
  const { supervisor, lines } = watched([
    script('one', 'process.stdout.write("x".repeat(1e6)); setInterval(() => {}, 1e5)'),
  ]);
  await supervisor.start();
  await expect.poll(() => lines.length, limit).toBeGreaterThan(100);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(9000);
});

test('an output that fails or an observer that throws disturbs no child', async () => {
  const child = script('one', 'setInterval(() => console.log("x"), 1)');
  const { supervisor } = watched([child], {
    output: () => Promise.reject(new Error('disk full')),
    onExit: () => {
      throw new Error('observer');
    },
  });
  await supervisor.start();
  await supervisor.restart('one');
  expect(child.lives).toHaveLength(2);
  expect(await isRunning(child.lives[1]?.pid)).toBe(true);
});

test('a slow output slows the child down instead of filling memory', async () => {
  let taken = 0;
  const child = script('one', 'for (;;) require("node:fs").writeSync(1, "x".repeat(1000) + "\\n")');
  const { supervisor } = watched([child], {
    output: () => {
      taken += 1;
      return taken > 20 ? new Promise(() => undefined) : undefined;
    },
  });
  await supervisor.start();
  await expect.poll(() => taken, limit).toBe(21);
  expect(child.lives[0]?.stdout?.readableLength).toBeLessThan(1_000_000);
});

test('a program that does not exist is a rejected start', async () => {
  await expect(spawnChild(['/nonexistent/program'], { env: {} })).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['SIGTERM', 6],
  ['SIGINT', 6],
] as const)('as main program it ends with the code of its children on %s', async (signal, code) => {
  const program = fileURLToPath(new URL('fixtures-init.ts', import.meta.url));
  const init = spawn(process.execPath, ['--conditions=@bot-bottle/source', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void init.kill('SIGKILL'));
  let text = '';
  init.stdout.on('data', (chunk: Buffer) => (text += String(chunk)));
  await expect.poll(() => text, limit).toContain('[egress] up');
  await expect.poll(() => text, limit).toContain('[other] up');
  init.kill('SIGHUP');
  await expect.poll(() => text, limit).toContain('[egress] hup');
  expect(text).not.toContain('[other] hup');
  const exited = once(init, 'exit');
  init.kill(signal);
  expect((await exited)[0]).toBe(code);
});
