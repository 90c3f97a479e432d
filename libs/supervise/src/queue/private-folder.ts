import { chmod, lstat, mkdir } from 'node:fs/promises';
import { SuperviseError } from '../error.ts';

/**
 * Makes a folder (0700) when it is missing, and refuses one that is a link, belongs to somebody else or can be written
 * by others: whoever could put files there could answer for the human.
 *
 * @throws SuperviseError `queue_unsafe`, `queue_unavailable`
 */
export async function privateFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw unavailable(path, error);
  });
  await checkFolder(path);
}

/**
 * Like `privateFolder` for one that only is to be read.
 *
 * @returns false when there is none
 */
export async function isPrivateFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw unavailable(path, error);
  });
  if (found === null) return false;
  await checkFolder(path);
  return true;
}

async function checkFolder(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    throw unavailable(path, error);
  });
  const uid = process.getuid?.() ?? found.uid;
  const unsafe = (what: string, hint: string): SuperviseError =>
    new SuperviseError('queue_unsafe', `${path} ${what}`, { hint });
  if (!found.isDirectory()) throw unsafe('is not a folder', 'move it away');
  if (found.uid !== uid)
    throw unsafe(`belongs to user ${found.uid}, not to ${uid}`, 'have its owner remove it');
  if ((found.mode & 0o022) !== 0) throw unsafe('can be written by other users', `chmod 700 ${path}`);
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
}

/** The errno name of a failed system call, null for anything else. */
export function codeOf(error: unknown): string | null {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}

export function unavailable(path: string, cause: unknown): SuperviseError {
  return new SuperviseError('queue_unavailable', `${path} cannot be used (${codeOf(cause) ?? 'unknown'})`, {
    cause,
  });
}
