import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, unavailable } from './private-folder.ts';

/** Longest file that is read, in bytes. */
export const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Writes a new file in one step: nobody ever reads half of it, and one that is there already stays as it is.
 *
 * @returns false when there is one of that name
 * @throws SuperviseError `queue_unavailable`
 */
export async function writeOnce(folder: string, name: string, text: string): Promise<boolean> {
  const draft = join(folder, `.tmp-${randomBytes(8).toString('hex')}`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Unlike rename(2), link(2) never takes the place of a file that is there.
    await link(draft, join(folder, name));
    await syncFolder(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw unavailable(folder, error);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export type FileContent = { readonly text: string } | { readonly problem: string } | null;

/** Reads a file of ours; null when there is none, and why when it is not one. Follows no link, waits for no pipe. */
export async function readOwn(path: string): Promise<FileContent> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((error: unknown) => codeOf(error) ?? 'unknown');
  if (handle === 'ENOENT') return null;
  if (handle === 'ELOOP') return { problem: 'is a symbolic link' };
  if (typeof handle === 'string') return { problem: `cannot be read (${handle})` };
  try {
    const found = await handle.stat();
    if (!found.isFile()) return { problem: 'is not a regular file' };
    if (found.uid !== (process.getuid?.() ?? found.uid)) return { problem: 'belongs to another user' };
    if ((found.mode & 0o022) !== 0) return { problem: 'can be written by other users' };
    if (found.size > MAX_FILE_BYTES) return { problem: 'is too large' };
    return { text: await handle.readFile('utf8') };
  } finally {
    await handle.close();
  }
}
