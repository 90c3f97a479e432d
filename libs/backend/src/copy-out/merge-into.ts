import { lstat, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError } from '../errors.ts';

/**
 * Moves an unpacked tree to its place. A folder that is already there is filled up; anything else that is there stays
 * unless `force`, and then links are replaced, never followed.
 *
 * @throws BackendError `copy_refused` naming what is in the way; nothing was moved then
 */
export async function mergeInto(staged: string, target: string, force: boolean): Promise<void> {
  const inTheWay = await conflicts(staged, target, force);
  if (inTheWay.length > 0) {
    const more = inTheWay.length > 5 ? ` and ${inTheWay.length - 5} more` : '';
    throw new BackendError('copy_refused', `not overwritten: ${inTheWay.slice(0, 5).join(', ')}${more}`, {
      hint: 'use --force to overwrite files; a folder never replaces a file, nor a file a folder',
      data: { conflicts: inTheWay },
    });
  }
  await move(staged, target);
}

type Kind = 'none' | 'folder' | 'other';

async function kindOf(path: string): Promise<Kind> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return 'none';
  return found.isDirectory() ? 'folder' : 'other';
}

async function conflicts(staged: string, target: string, force: boolean): Promise<string[]> {
  const [from, to] = [await kindOf(staged), await kindOf(target)];
  if (to === 'none') return [];
  if (from === 'folder' && to === 'folder') {
    const found: string[] = [];
    for (const name of await readdir(staged))
      found.push(...(await conflicts(join(staged, name), join(target, name), force)));
    return found;
  }
  return force && from === 'other' && to === 'other' ? [] : [target];
}

async function move(staged: string, target: string): Promise<void> {
  if ((await kindOf(staged)) === 'folder' && (await kindOf(target)) === 'folder') {
    await mkdir(target, { recursive: true });
    for (const name of await readdir(staged)) await move(join(staged, name), join(target, name));
    return;
  }
  await rename(staged, target);
}
