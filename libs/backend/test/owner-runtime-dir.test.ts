import { chmod, chown, mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { controlSocketPath, ensureControlDir, runtimeDir } from '../src/index.ts';
import { tempDir } from './temp-dir.ts';

it('is in XDG_RUNTIME_DIR when there is one', async () => {
  const xdg = await tempDir();
  expect(runtimeDir({ XDG_RUNTIME_DIR: xdg })).toBe(join(xdg, 'bot-bottle'));
});

it.each([undefined, '', 'relative', '/does/not/exist', `/tmp/${'x'.repeat(80)}`])(
  'is in /tmp when XDG_RUNTIME_DIR is %j',
  (value) => {
    expect(runtimeDir({ XDG_RUNTIME_DIR: value })).toBe(`/tmp/bot-bottle-${process.getuid?.() ?? 0}`);
  },
);

it('makes the folder for sockets 0700', async () => {
  const dir = await ensureControlDir(join(await tempDir(), 'run'));
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
});

it('closes a folder for sockets that others could read', async () => {
  const runtime = join(await tempDir(), 'run');
  await mkdir(join(runtime, 'control'), { recursive: true, mode: 0o755 });
  await chmod(join(runtime, 'control'), 0o755);
  await ensureControlDir(runtime);
  expect((await stat(join(runtime, 'control'))).mode & 0o777).toBe(0o700);
});

it('refuses a folder that is a link', async () => {
  const folder = await tempDir();
  await mkdir(join(folder, 'theirs'));
  await symlink(join(folder, 'theirs'), join(folder, 'run'));
  await expect(ensureControlDir(join(folder, 'run'))).rejects.toMatchObject({ code: 'runtime_dir_unsafe' });
});

it('refuses a folder that others can write to', async () => {
  const runtime = join(await tempDir(), 'run');
  await mkdir(runtime);
  await chmod(runtime, 0o777);
  await expect(ensureControlDir(runtime)).rejects.toMatchObject({ code: 'runtime_dir_unsafe' });
});

it.skipIf(process.getuid?.() !== 0)('refuses a folder of another user', async () => {
  const runtime = join(await tempDir(), 'run');
  await mkdir(runtime, { mode: 0o700 });
  await chown(runtime, 61_998, 61_998);
  await expect(ensureControlDir(runtime)).rejects.toMatchObject({ code: 'runtime_dir_unsafe' });
});

it('refuses a path that no socket can have', () => {
  expect(() => controlSocketPath(`/tmp/${'x'.repeat(60)}`, `${'a'.repeat(40)}-00000`)).toThrow(/too long/);
});
