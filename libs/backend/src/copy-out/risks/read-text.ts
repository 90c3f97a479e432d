import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Bytes of a file whose content rules look at; no file that a person wrote is larger. */
export const judgedBytes = 1024 * 1024;

/** A small file's text; null for anything else. Opens no pipe and follows no link at the end of the path. */
export async function readText(path: string, limit: number = judgedBytes): Promise<string | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      return found.isFile() && found.size <= limit ? await file.readFile('utf8') : null;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
