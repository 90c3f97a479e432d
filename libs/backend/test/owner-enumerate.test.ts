import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { enumerateActive, ensureControlDir, controlSocketPath, launchBottle } from '../src/index.ts';
import { launched, prepared } from './owner-launched.ts';
import { tempDir } from './temp-dir.ts';

it('finds nothing where nothing ever ran', async () => {
  expect(await enumerateActive({ runtimeDir: join(await tempDir(), 'none') })).toEqual({
    bottles: [],
    silent: [],
  });
});

it('lists live bottles by start time and identity, of one home when asked', async () => {
  const first = await launched(['true']);
  const { options } = await prepared(['true'], {}, { runtimeDir: first.options.runtimeDir });
  const earlier = { ...options.plan, startedAt: '2020-01-01T00:00:00.000Z' };
  const second = await launchBottle({ ...options, plan: earlier });
  onTestFinished(async () => void (await second.close()));
  const { runtimeDir } = first.options;
  const all = await enumerateActive({ runtimeDir });
  expect(all.bottles.map(({ identity }) => identity)).toEqual([second.identity, first.launched.identity]);
  const mine = await enumerateActive({ runtimeDir, home: first.plan.botBottleHome });
  expect(mine.bottles.map(({ identity }) => identity)).toEqual([first.launched.identity]);
});

it('removes the socket of an owner that is gone', async () => {
  const runtimeDir = join(await tempDir(), 'run');
  await ensureControlDir(runtimeDir);
  const path = controlSocketPath(runtimeDir, 'gone-00000');
  // A listener in another process that is killed leaves its socket behind.
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await stat(path)).isSocket()).toBe(true);
  expect(await enumerateActive({ runtimeDir })).toEqual({ bottles: [], silent: [] });
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('tells of an owner that does not answer, and leaves its socket', async () => {
  const runtimeDir = join(await tempDir(), 'run');
  await ensureControlDir(runtimeDir);
  const path = controlSocketPath(runtimeDir, 'stuck-00000');
  const server = createServer().listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { silent } = await enumerateActive({ runtimeDir, timeoutMs: 100 });
  expect(silent.map(({ identity }) => identity)).toEqual(['stuck-00000']);
  expect((await stat(path)).isSocket()).toBe(true);
});

it('does not believe a socket that tells of another bottle', async () => {
  const { socketPath, options } = await launched(['true']);
  const { symlink } = await import('node:fs/promises');
  await symlink(socketPath, controlSocketPath(options.runtimeDir, 'other-00000'));
  const { bottles } = await enumerateActive({ runtimeDir: options.runtimeDir });
  expect(bottles.map(({ identity }) => identity)).not.toContain('other-00000');
  expect(bottles).toHaveLength(1);
});
