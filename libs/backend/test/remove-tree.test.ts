import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { removeTree } from '../src/index.ts';
import { tempDir } from './temp-dir.ts';

const isRoot = process.getuid?.() === 0;

it('removes what is nested deeper than any path is long', async () => {
  const folder = join(await tempDir(), 'tree');
  await mkdir(folder);
  const nest = 'i=0; while [ $i -lt 600 ]; do mkdir folder-$i && cd -P folder-$i || exit; i=$((i+1)); done';
  execFileSync('bash', ['-c', nest], { cwd: folder });
  onTestFinished(() => void execFileSync('rm', ['-rf', folder]));
  await removeTree(folder);
  expect(existsSync(folder)).toBe(false);
});

it('removes names that are no text, and links but not what they lead to', async () => {
  const outside = join(await tempDir(), 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'file'), 'kept');
  const folder = join(await tempDir(), 'tree');
  await mkdir(folder);
  await symlink(outside, join(folder, 'link'));
  await mkdir(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]));
  await mkdir(join(folder, '-rf'));
  await removeTree(folder);
  expect(existsSync(folder)).toBe(false);
  expect(existsSync(join(outside, 'file'))).toBe(true);
});

it('removes a link itself, and does not mind that nothing is there', async () => {
  const folder = await tempDir();
  await mkdir(join(folder, 'real'));
  await symlink(join(folder, 'real'), join(folder, 'link'));
  await removeTree(join(folder, 'link'));
  await removeTree(join(folder, 'link'));
  expect(existsSync(join(folder, 'link'))).toBe(false);
  expect(existsSync(join(folder, 'real'))).toBe(true);
});

it.skipIf(isRoot)('removes folders whose permissions were taken away', async () => {
  const folder = join(await tempDir(), 'tree');
  await mkdir(join(folder, 'a/b'), { recursive: true });
  await chmod(join(folder, 'a'), 0);
  await removeTree(folder);
  expect(existsSync(folder)).toBe(false);
});
