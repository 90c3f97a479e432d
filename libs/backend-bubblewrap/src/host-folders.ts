import { chmod, lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackendError } from '@bot-bottle/backend';

export interface HostFolders {
  /** one folder per running bottle */
  readonly runtime: string;
  /** homes of bottles that run as another host user, null: they live in the state folder */
  readonly homes: string | null;
  /** copies of programs */
  readonly cache: string;
}

/**
 * Where things are kept on the host. As root the bottles run as other users, which must be able to get to them:
 * folders of their own, enterable but not listable.
 */
export function hostFolders(
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
  home: string,
): HostFolders {
  if (uid === 0)
    return {
      runtime: '/run/bot-bottle',
      homes: '/var/lib/bot-bottle',
      cache: '/var/cache/bot-bottle/programs',
    };
  const session = env['XDG_RUNTIME_DIR'];
  const base =
    session === undefined || session === '' ? `/tmp/bot-bottle-${uid}` : join(session, 'bot-bottle');
  const cache = env['XDG_CACHE_HOME'];
  const caches = cache === undefined || !cache.startsWith('/') ? join(home, '.cache') : cache;
  return { runtime: join(base, 'bubblewrap'), homes: null, cache: join(caches, 'bot-bottle', 'programs') };
}

/**
 * Makes a folder of ours, and refuses one that somebody else made or may write to, or may put another one in place of.
 *
 * @param mode permission bits, 0o700 or 0o711
 * @throws BackendError `home_unsafe`
 */
export async function ensureOwnFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
    await chmod(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) {
      await ensureOwnFolder(dirname(path), mode);
      return await ensureOwnFolder(path, mode);
    }
    if (code !== 'EEXIST') throw error;
  }
  await requireOwnFolder(path);
}

/**
 * @returns whether there is such a folder
 * @throws BackendError `home_unsafe` when it or the one it lies in is in somebody else's hands
 */
export async function requireOwnFolder(path: string): Promise<boolean> {
  const entry = await lstat(path).catch(() => null);
  if (entry === null) return false;
  if (!entry.isDirectory() || entry.uid !== process.getuid?.() || (entry.mode & 0o022) !== 0)
    throw unsafe(path, 'belongs to another user or can be written by others');
  const parent = await lstat(dirname(path));
  const open = (parent.mode & 0o002) !== 0 && (parent.mode & 0o1000) === 0;
  if (open || (parent.uid !== 0 && parent.uid !== entry.uid))
    throw unsafe(dirname(path), 'lets another user replace what is in it');
  return true;
}

function unsafe(path: string, what: string): BackendError {
  return new BackendError('home_unsafe', `${path} ${what}`, { hint: `remove ${path}`, data: { path } });
}
