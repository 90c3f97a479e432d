import { createHash, randomBytes } from 'node:crypto';
import { constants, existsSync, lstatSync, readdirSync } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ensureOwnFolder } from '../host-folders.ts';

interface CacheOptions {
  /** folder of the cache; made when missing */
  readonly folder: string;
  /** permission bits of what may be read, e.g. 0o755 */
  readonly mode: number;
}

/**
 * A copy of a file or folder that does not change while a bottle shows it. Keyed by path, sizes and modification times,
 * so an unchanged program is copied once.
 *
 * @returns path of the copy
 */
export async function cachedCopy(source: string, { folder, mode }: CacheOptions): Promise<string> {
  const entry = join(folder, fingerprintOf(source, String(mode)));
  const copy = join(entry, basename(source));
  if (existsSync(entry)) return copy;
  await ensureOwnFolder(folder, 0o755);
  const draft = join(folder, `.new-${randomBytes(8).toString('hex')}`);
  try {
    await mkdir(draft, { mode: 0o755 });
    await copyTree(source, join(draft, basename(source)), mode);
    await chmod(draft, 0o755);
    // somebody else may have been quicker: theirs is the same
    await rename(draft, entry).catch(async (error: unknown) => {
      if (!existsSync(entry)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return copy;
}

/** Changes when the file or folder, anything in it, or `salt` does. */
export function fingerprintOf(path: string, salt: string): string {
  const key = createHash('sha256').update(`${path}\0${salt}\0`);
  fingerprint(path, key);
  return key.digest('hex').slice(0, 32);
}

function fingerprint(path: string, key: ReturnType<typeof createHash>): void {
  const entry = lstatSync(path, { bigint: true });
  key.update(`${basename(path)}\0${entry.mode}\0${entry.size}\0${entry.mtimeNs}\0${entry.ctimeNs}\0`);
  if (!entry.isDirectory()) return;
  for (const name of readdirSync(path).toSorted()) fingerprint(join(path, name), key);
}

async function copyTree(source: string, target: string, mode: number): Promise<void> {
  const entry = await lstat(source);
  if (entry.isSymbolicLink()) return await symlink(await readlink(source), target);
  if (entry.isDirectory()) {
    await mkdir(target);
    for (const name of await readdir(source)) await copyTree(join(source, name), join(target, name), mode);
    return await chmod(target, 0o755);
  }
  if (!entry.isFile()) return;
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  // never setuid, and executable only if it was
  await chmod(target, (entry.mode & 0o111) === 0 ? mode & 0o666 : mode & 0o777);
}
