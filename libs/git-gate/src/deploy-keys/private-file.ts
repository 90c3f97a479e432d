import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DeployKeyError } from './error.ts';

/** Longest file that is read, in bytes. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * The text of a file of the operator; null when there is none. Follows no link and waits for no pipe.
 *
 * @throws DeployKeyError `records_unavailable`
 */
export async function readPrivateFile(path: string): Promise<string | null> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw unavailable(path, 'is not a regular file');
      if (found.uid !== process.getuid?.()) throw unavailable(path, 'belongs to another user');
      if ((found.mode & 0o022) !== 0) throw unavailable(path, 'can be written by other users');
      if (found.size > MAX_FILE_BYTES) throw unavailable(path, 'is too large');
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw asUnavailable(path, error);
  }
}

/**
 * Replaces a file in one step, 0600, and returns when it is on the disk.
 *
 * @throws DeployKeyError `records_unavailable`
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.tmp`;
  try {
    // One that is left over from a crash.
    await rm(draft, { force: true });
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
    const folder = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw asUnavailable(path, error);
  }
}

function codeOf(error: unknown): string | null {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null;
  return typeof code === 'string' ? code : null;
}

function asUnavailable(path: string, error: unknown): DeployKeyError {
  return DeployKeyError.isInstance(error)
    ? error
    : unavailable(path, `cannot be used (${codeOf(error) ?? 'unknown'})`);
}

const unavailable = (path: string, problem: string): DeployKeyError =>
  new DeployKeyError('records_unavailable', `${path} ${problem}`, {
    hint: 'deploy keys are recorded there, so that none is left behind at a forge',
  });
