import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  realpath,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyOut, type Bottle } from '../src/index.ts';
import { itemPath } from '../src/copy-out/item-path.ts';
import { staysInside } from '../src/copy-out/link-target.ts';
import { encodeTarHeader, padding, type TarType } from '../src/tar/tar-header.ts';
import { localBottle } from './local-bottle.ts';
import { tempDir } from './temp-dir.ts';

interface Raw {
  readonly path: string;
  readonly type?: TarType;
  readonly mode?: number;
  readonly content?: string;
  readonly linkTarget?: string;
  /** type flag written over the one of `type` */
  readonly flag?: string;
}

function archive(items: readonly Raw[]): Buffer {
  const parts = items.flatMap(
    ({ path, type = 'file', mode = 0o644, content = '', linkTarget = '', flag }) => {
      const head = encodeTarHeader({
        path,
        type,
        mode,
        size: Buffer.byteLength(content),
        mtime: 0,
        linkTarget,
      });
      if (flag !== undefined) {
        head.write(flag, 156, 'latin1');
        head.fill(0x20, 148, 156);
        const sum = head.reduce((total, byte) => total + byte, 0);
        head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
      }
      return [head, Buffer.from(content), padding(Buffer.byteLength(content))];
    },
  );
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** A bottle whose tar answers with whatever it likes. */
function lyingBottle(bytes: Buffer): Bottle {
  return {
    identity: 'liar-00000',
    exited: new Promise(() => undefined),
    close: async () => undefined,
    spawn: async () => {
      const stdout = new PassThrough();
      stdout.end(bytes);
      const stderr = new PassThrough();
      stderr.end();
      return {
        stdin: new PassThrough(),
        stdout,
        stderr,
        exited: Promise.resolve({ code: 0, signal: null }),
        resize: () => undefined,
        kill: () => undefined,
      };
    },
  };
}

const keep = { force: false };

describe('copyOut', () => {
  it('copies a tree with its links and executable bits', async () => {
    const folder = await tempDir();
    const bottle = await localBottle(folder);
    await mkdir(join(bottle.home, 'out/sub'), { recursive: true });
    await writeFile(join(bottle.home, 'out/sub/file'), 'content');
    await writeFile(join(bottle.home, 'out/run'), '', { mode: 0o755 });
    await symlink('sub/file', join(bottle.home, 'out/link'));
    const result = await copyOut(bottle, '/home/node/out', join(folder, 'here'), keep);
    expect(result).toMatchObject({ files: 2, skipped: [], path: join(folder, 'here') });
    expect(await readFile(join(folder, 'here/link'), 'utf8')).toBe('content');
    expect((await lstat(join(folder, 'here/run'))).mode & 0o777).toBe(0o755);
    expect((await readdir(folder)).toSorted()).toEqual(['guest-home', 'here']);
  });

  it('puts a thing into a folder that is there', async () => {
    const folder = await tempDir();
    const bottle = await localBottle(folder);
    await writeFile(join(bottle.home, 'file'), 'x');
    expect((await copyOut(bottle, '/home/node/file', folder, keep)).path).toBe(join(folder, 'file'));
  });

  it('drops setuid, setgid, sticky and odd modes', async () => {
    const folder = await tempDir();
    const bottle = await localBottle(folder);
    await writeFile(join(bottle.home, 'su'), '');
    await chmod(join(bottle.home, 'su'), 0o6777);
    await copyOut(bottle, '/home/node/su', folder, keep);
    expect((await lstat(join(folder, 'su'))).mode & 0o7777).toBe(0o755);
  });

  it('overwrites nothing without force, and changes nothing when one file is in the way', async () => {
    const folder = await tempDir();
    const dest = join(folder, 'dest');
    await mkdir(join(dest, 'out'), { recursive: true });
    await writeFile(join(dest, 'out/b'), 'mine');
    const bytes = archive([
      { path: 'out/a', content: 'new' },
      { path: 'out/b', content: 'theirs' },
    ]);
    await expect(copyOut(lyingBottle(bytes), '/out', dest, keep)).rejects.toMatchObject({
      code: 'copy_refused',
    });
    expect(await readdir(join(dest, 'out'))).toEqual(['b']);
    await copyOut(lyingBottle(bytes), '/out', dest, { force: true });
    expect(await readFile(join(dest, 'out/b'), 'utf8')).toBe('theirs');
  });

  it('with force replaces a link at the destination instead of writing through it', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'precious'), 'mine');
    await mkdir(join(folder, 'dest'));
    await symlink(join(folder, 'precious'), join(folder, 'dest/file'));
    await copyOut(
      lyingBottle(archive([{ path: 'file', content: 'theirs' }])),
      '/file',
      join(folder, 'dest/file'),
      { force: true },
    );
    expect(await readFile(join(folder, 'precious'), 'utf8')).toBe('mine');
    expect(await readFile(join(folder, 'dest/file'), 'utf8')).toBe('theirs');
  });

  it('does not follow a link to a folder below the destination', async () => {
    const folder = await tempDir();
    await mkdir(join(folder, 'elsewhere'));
    await mkdir(join(folder, 'dest/out'), { recursive: true });
    await symlink(join(folder, 'elsewhere'), join(folder, 'dest/out/sub'));
    const bytes = archive([{ path: 'out/sub/planted', content: 'x' }]);
    await expect(
      copyOut(lyingBottle(bytes), '/out', join(folder, 'dest'), { force: true }),
    ).rejects.toMatchObject({ code: 'copy_refused' });
    expect(await readdir(join(folder, 'elsewhere'))).toEqual([]);
  });

  it.each([
    ['a parent step', { path: 'out/../../escaped', content: 'x' }],
    ['an absolute name', { path: '/tmp/bot-bottle-escaped', content: 'x' }],
    ['another root', { path: 'other/file', content: 'x' }],
    ['a backslash', { path: 'out/..\\..\\escaped', content: 'x' }],
    ['an absolute link', { path: 'out/link', type: 'link', linkTarget: '/etc/passwd' }],
    ['a link up', { path: 'out/link', type: 'link', linkTarget: '../../secret' }],
    ['a hard link', { path: 'out/hard', type: 'link', flag: '1', linkTarget: '/etc/passwd' }],
    ['a device', { path: 'out/device', flag: '3' }],
    ['a pipe', { path: 'out/pipe', flag: '6' }],
  ] satisfies ReadonlyArray<[string, Raw]>)('skips %s and says so', async (_name, item) => {
    const folder = await tempDir();
    await mkdir(join(folder, 'dest'));
    const result = await copyOut(
      lyingBottle(archive([{ path: 'out/good', content: 'g' }, item])),
      '/out',
      join(folder, 'dest'),
      keep,
    );
    expect(result.skipped).toHaveLength(1);
    expect(await readdir(join(folder, 'dest/out'))).toEqual(['good']);
    expect(await readdir(folder)).toEqual(['dest']);
  });

  it('never writes a file through a link of the same archive', async () => {
    const folder = await tempDir();
    await mkdir(join(folder, 'dest'));
    const bytes = archive([
      { path: 'out/d', type: 'dir' },
      { path: 'out/link', type: 'link', linkTarget: 'd' },
      { path: 'out/link/file', content: 'x' },
    ]);
    await expect(copyOut(lyingBottle(bytes), '/out', join(folder, 'dest'), keep)).rejects.toMatchObject({
      code: 'copy_refused',
    });
    expect(await readdir(join(folder, 'dest'))).toEqual([]);
  });

  it('refuses a link as the copied thing itself', async () => {
    const folder = await tempDir();
    const bytes = archive([{ path: 'out', type: 'link', linkTarget: '/etc' }]);
    await expect(copyOut(lyingBottle(bytes), '/out', join(folder, 'dest'), keep)).rejects.toMatchObject({
      code: 'copy_refused',
    });
  });

  it('stops at the limits', async () => {
    const folder = await tempDir();
    const bytes = archive([
      { path: 'out/a', content: 'x'.repeat(1000) },
      { path: 'out/b', content: 'x'.repeat(1000) },
    ]);
    const copy = async (limits: object): Promise<unknown> =>
      await copyOut(lyingBottle(bytes), '/out', join(folder, 'd'), { force: false, ...limits });
    await expect(copy({ maxBytes: 1500 })).rejects.toThrow('more than 1500 bytes');
    await expect(copy({ maxEntries: 1 })).rejects.toThrow('more than 1 files');
    expect(await readdir(folder)).toEqual([]);
  });

  it('answers every kind of garbage with one error and leaves nothing', async () => {
    const folder = await tempDir();
    const good = archive([
      { path: 'out/a', content: 'x'.repeat(600) },
      { path: `out/${'l'.repeat(150)}`, content: 'y' },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(good.length),
        async (flips, cut) => {
          const bytes = Buffer.from(good.subarray(0, cut));
          for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
          const target = join(folder, 'got');
          const error: unknown = await copyOut(lyingBottle(bytes), '/out', target, { force: true }).then(
            () => null,
            (reason: unknown) => reason,
          );
          if (error !== null) expect(error).toMatchObject({ code: 'copy_refused' });
          expect((await readdir(folder)).filter((name) => name !== 'got')).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('tells what is not there', async () => {
    const folder = await tempDir();
    const bottle = await localBottle(folder);
    await expect(copyOut(bottle, '/home/node/missing', folder, keep)).rejects.toMatchObject({
      code: 'copy_refused',
    });
    await expect(copyOut(bottle, 'relative', folder, keep)).rejects.toMatchObject({ code: 'copy_refused' });
    await expect(copyOut(bottle, '/', folder, keep)).rejects.toMatchObject({ code: 'copy_refused' });
  });

  it('takes a name that looks like an option for a name', async () => {
    const folder = await tempDir();
    const bottle = await localBottle(folder);
    await writeFile(join(bottle.home, '--help'), 'x');
    await copyOut(bottle, '/home/node/--help', folder, keep);
    expect(await readFile(join(folder, '--help'), 'utf8')).toBe('x');
  });
});

describe('staysInside', () => {
  it('refuses a step up behind a name, which may itself be a link', () => {
    expect(staysInside('d1/d2/u', '../..')).toBe(true);
    expect(staysInside('d1/d2/v', 'u/..')).toBe(false);
  });

  it('accepts only targets that a chain of links cannot leave by', async () => {
    const part = fc.constantFrom('..', '.', 'a', 'b', 'c');
    const links = fc.array(
      fc.tuple(
        fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
        fc.array(part, { minLength: 1, maxLength: 4 }),
      ),
      { maxLength: 6 },
    );
    const folder = await tempDir();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(links, async (wanted) => {
        run += 1;
        const bytes = archive(
          wanted.map(([path, target]) => ({
            path: `out/${path.join('/')}`,
            type: 'link' as const,
            linkTarget: target.join('/'),
          })),
        );
        const target = join(folder, `run-${run}`, 'nested', 'out');
        await mkdir(join(folder, `run-${run}`, 'nested'), { recursive: true });
        await copyOut(lyingBottle(bytes), '/out', target, keep).catch(() => undefined);
        for (const [path] of wanted) {
          const real = await realpath(join(target, ...path)).catch(() => target);
          expect(real === target || real.startsWith(`${target}/`)).toBe(true);
        }
      }),
      {
        numRuns: 60,
        // made through a link to the folder itself, the second one would lead out
        examples: [
          [
            [
              [['c'], ['.']],
              [['c', 'a'], ['..']],
            ],
          ],
          [
            [
              [['c', 'a'], ['..']],
              [['c'], ['.']],
            ],
          ],
        ],
      },
    );
  });
});

describe('itemPath', () => {
  it('gives only relative paths without steps up, whatever the name', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('..', '.', '', 'out', 'a', '\0', '\\', '/'), { maxLength: 8 }),
        (parts) => {
          const path = itemPath(parts.join('/'), 'out');
          if (path === null) return;
          expect(path.split('/')).not.toContain('..');
          expect(path.startsWith('/')).toBe(false);
        },
      ),
    );
  });

  it('reads back what a link says', async () => {
    const folder = await tempDir();
    const bytes = archive([
      { path: 'out/file', content: 'x' },
      { path: 'out/sub/link', type: 'link', linkTarget: '../file' },
    ]);
    await copyOut(lyingBottle(bytes), '/out', join(folder, 'd'), keep);
    expect(await readlink(join(folder, 'd/sub/link'))).toBe('../file');
  });
});

it('runs the tar of the system, not one that the agent made', async () => {
  const folder = await tempDir();
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'tar'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  const bottle = await localBottle(folder, `${bin}:${process.env['PATH'] ?? ''}`);
  await writeFile(join(bottle.home, 'file'), 'x');
  expect(await copyOut(bottle, '/home/node/file', folder, keep)).toMatchObject({ files: 1 });
});
