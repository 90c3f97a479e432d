import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { errorCode } from './open-beneath.ts';
import { fileError, type FileName, readText } from './read-text.ts';

/**
 * Text of a file in the home folder. Links are followed: dotfile managers link them, and the folder is trusted.
 * Null when it does not exist.
 * @throws {ManifestErrors}
 */
export async function readHomeFile(name: FileName): Promise<string | null> {
  const handle = await open(name.file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    const code = errorCode(error);
    if (code === 'ENOENT') return null;
    throw fileError(name, 'unreadable_file', `the file cannot be read (${code})`, 'check its permissions');
  });
  if (handle === null) return null;
  try {
    return await readText(handle, name);
  } finally {
    await handle.close();
  }
}
