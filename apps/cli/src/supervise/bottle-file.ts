import { constants } from 'node:fs';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join, basename } from 'node:path';
import { CliError } from '../cli-error.ts';

/** Most bytes of a bottle file. */
const MAX_BYTES = 256 * 1024;

/** A bottle file as it was read. */
export interface BottleFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Reads a bottle file that is to be written again: never through a link, which would be replaced by a file.
 *
 * @throws CliError `refused`, `failed`
 */
export async function readBottleFile(path: string): Promise<BottleFile> {
  const handle = await openPlain(path);
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new CliError('refused', `${path} is not a regular file`);
    if (info.nlink > 1) {
      throw new CliError('refused', `${path} has a second name (a hard link), which would keep the old text`);
    }
    if (info.size > MAX_BYTES) throw new CliError('refused', `${path} is larger than 256 KiB`);
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await handle.readFile());
    return { path, text, mode: info.mode & 0o7777, uid: info.uid, gid: info.gid };
  } catch (error) {
    if (error instanceof TypeError) throw new CliError('refused', `${path} is not UTF-8 text`);
    throw error;
  } finally {
    await handle.close();
  }
}

async function openPlain(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ELOOP')
      throw new CliError('refused', `${path} is a symbolic link, which is not written through`);
    throw new CliError('failed', `${path} cannot be read (${code})`);
  }
}

/**
 * Puts another text in the place of a file, whole or not at all, with its mode and owner.
 *
 * @throws CliError `refused` when it is not as it was read, `failed`
 */
export async function replaceBottleFile(before: BottleFile, text: string): Promise<void> {
  const { path, mode, uid, gid } = before;
  const folder = dirname(path);
  // No name that is taken for a bottle.
  const draft = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      const made = await handle.stat();
      if (made.uid !== uid || made.gid !== gid) await handle.chown(uid, gid);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // As late as can be: nothing of what somebody else wrote is lost.
    const now = await readBottleFile(path);
    if (now.text !== before.text) throw new CliError('refused', `${path} changed meanwhile`);
    await rename(draft, path);
    await syncFolder(folder);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    if (CliError.isInstance(error)) throw error;
    throw new CliError('failed', `${path} cannot be written (${codeOf(error)})`);
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

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
