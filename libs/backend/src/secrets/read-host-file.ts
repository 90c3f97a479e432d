import { open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { BackendError } from '../errors.ts';

const longest = 1024 * 1024;

/**
 * Text of a file of the operator's, null when there is none.
 *
 * @throws BackendError `secret_unavailable`: it is there and cannot be read, is no regular file, or is longer than 1 MiB
 */
export async function readHostFile(path: string): Promise<string | null> {
  const unavailable = (what: string, cause?: unknown): BackendError =>
    new BackendError('secret_unavailable', `${path} ${what}`, { data: { path }, cause });
  // Without waiting: a pipe in the file's place would never open.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw unavailable('cannot be read', error);
  });
  if (file === null) return null;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw unavailable('is not a file');
    if (found.size > longest) throw unavailable('is longer than 1 MiB');
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(longest + 1) });
    return buffer.toString('utf8', 0, Math.min(bytesRead, longest));
  } finally {
    await file.close();
  }
}

function isMissing(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
