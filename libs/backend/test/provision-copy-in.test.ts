import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, readFile, readlink, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyIn, execInBottle, type TarEntry } from '../src/index.ts';
import { localBottle } from './local-bottle.ts';
import { tempDir } from './temp-dir.ts';

const root = '/home/node';

describe('copyIn', () => {
  it('writes folders, texts, host files and links with their modes by one process', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
    const bottle = await localBottle(folder);
    const entries: TarEntry[] = [
      { kind: 'dir', path: 'private', mode: 0o700 },
      { kind: 'text', path: 'private/note', mode: 0o600, content: 'hello' },
      { kind: 'text', path: 'empty', mode: 0o644, content: '' },
      { kind: 'host-file', path: 'bin/tool', mode: 0o755, hostPath: join(folder, 'tool') },
      { kind: 'link', path: 'link', target: '../../outside' },
    ];
    const result = await copyIn(bottle, entries, { root, checksum: 'private/note' });
    expect(result).toEqual({ missing: [], sha256: createHash('sha256').update('hello').digest('hex') });
    expect((await lstat(join(bottle.home, 'private'))).mode & 0o777).toBe(0o700);
    expect((await lstat(join(bottle.home, 'private/note'))).mode & 0o777).toBe(0o600);
    expect((await lstat(join(bottle.home, 'bin/tool'))).mode & 0o777).toBe(0o755);
    expect(await readFile(join(bottle.home, 'empty'), 'utf8')).toBe('');
    expect(await readlink(join(bottle.home, 'link'))).toBe('../../outside');
    expect(bottle.spawned).toHaveLength(1);
  });

  it('keeps long and non-ASCII names and odd sizes', async () => {
    const folder = await tempDir();
    const bottle = await localBottle(folder);
    const long = `${'deep/'.repeat(60)}${'n'.repeat(120)}-✓é\n`;
    const sizes = [1, 511, 512, 513, 70_000];
    const texts = sizes.map((size) => ({
      kind: 'text' as const,
      path: `size-${size}`,
      mode: 0o644,
      content: randomBytes(size),
    }));
    await copyIn(bottle, [{ kind: 'text', path: long, mode: 0o644, content: 'x' }, ...texts], { root });
    expect(await readFile(join(bottle.home, long), 'utf8')).toBe('x');
    for (const { path, content } of texts) expect(await readFile(join(bottle.home, path))).toEqual(content);
  });

  it('streams a file larger than what is read whole', async () => {
    const folder = await tempDir();
    const bottle = await localBottle(folder);
    const content = randomBytes(9 * 1024 * 1024 + 17);
    await writeFile(join(folder, 'big'), content);
    await copyIn(bottle, [{ kind: 'host-file', path: 'big', mode: 0o644, hostPath: join(folder, 'big') }], {
      root,
    });
    expect((await readFile(join(bottle.home, 'big'))).equals(content)).toBe(true);
  });

  it('replaces a folder when asked', async () => {
    const bottle = await localBottle(await tempDir());
    await mkdir(join(bottle.home, 'workspace'));
    await writeFile(join(bottle.home, 'workspace/old'), '');
    await copyIn(bottle, [{ kind: 'text', path: 'workspace/new', mode: 0o644, content: '' }], {
      root,
      replace: 'workspace',
    });
    await expect(lstat(join(bottle.home, 'workspace/old'))).rejects.toThrow('ENOENT');
  });

  it('never reads through a link that took the place of a file', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'secret'), 'the secret');
    await symlink(join(folder, 'secret'), join(folder, 'swapped'));
    const bottle = await localBottle(folder);
    const { missing } = await copyIn(
      bottle,
      [{ kind: 'host-file', path: 'got', mode: 0o644, hostPath: join(folder, 'swapped') }],
      { root },
    );
    expect(missing).toEqual(['got']);
    await expect(lstat(join(bottle.home, 'got'))).rejects.toThrow('ENOENT');
  });

  it('fills up a file that shrinks while it is read', async () => {
    const folder = await tempDir();
    const path = join(folder, 'shrinking');
    await writeFile(path, randomBytes(64 * 1024 * 1024));
    const bottle = await localBottle(folder);
    const copying = copyIn(
      bottle,
      [
        { kind: 'host-file', path: 'got', mode: 0o644, hostPath: path },
        { kind: 'text', path: 'after', mode: 0o644, content: 'ok' },
      ],
      { root },
    );
    await truncate(path, 10);
    await copying;
    expect(await readFile(join(bottle.home, 'after'), 'utf8')).toBe('ok');
  });

  it('fails with the words of the guest when tar cannot unpack', async () => {
    const bottle = await localBottle(await tempDir());
    const copying = copyIn(bottle, [{ kind: 'text', path: 'x', mode: 0o644, content: '' }], {
      root: '/home/node/nowhere',
    });
    await expect(copying).rejects.toMatchObject({
      code: 'exec_failed',
      exitCode: 125,
      data: { stderr: expect.stringContaining('nowhere') as string },
    });
  });

  it('does not hang when the guest stops reading', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'tar'), '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    const bottle = await localBottle(folder, `${folder}:/usr/bin:/bin`);
    const big = { kind: 'text' as const, path: 'x', mode: 0o644, content: randomBytes(8 * 1024 * 1024) };
    await expect(copyIn(bottle, [big, big, big], { root })).rejects.toThrow();
  });

  it('passes on the error of a source that fails', async () => {
    const bottle = await localBottle(await tempDir());
    const failing = (function* (): Generator<TarEntry> {
      yield { kind: 'text', path: 'x', mode: 0o644, content: '' };
      throw new Error('the source broke');
    })();
    await expect(copyIn(bottle, failing, { root })).rejects.toThrow('the source broke');
  });
});

describe('execInBottle', () => {
  it('collects both outputs and the exit code, and feeds stdin', async () => {
    const bottle = await localBottle(await tempDir());
    const result = await execInBottle(bottle, ['sh', '-c', 'cat; echo err >&2; exit 7'], { input: 'in' });
    expect(result).toEqual({ code: 7, stdout: 'in', stderr: 'err\n', truncated: false });
  });

  it('gives 128 + the signal for a killed process', async () => {
    const bottle = await localBottle(await tempDir());
    expect((await execInBottle(bottle, ['sh', '-c', 'kill -TERM $$'])).code).toBe(143);
  });

  it('keeps a bounded part of endless output', async () => {
    const bottle = await localBottle(await tempDir());
    const result = await execInBottle(bottle, ['head', '-c', '5000000', '/dev/zero'], { maxOutput: 1000 });
    expect(result.stdout).toHaveLength(1000);
    expect(result.truncated).toBe(true);
  });

  it('kills what does not end in time', async () => {
    const bottle = await localBottle(await tempDir());
    await expect(execInBottle(bottle, ['sleep', '600'], { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'exec_failed',
    });
  });

  it('stops on abort', async () => {
    const bottle = await localBottle(await tempDir());
    const controller = new AbortController();
    const running = execInBottle(bottle, ['sleep', '600'], { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toThrow('interrupted');
  });
});
