import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Whether any user of the host could get to a file or folder and read it. Of a folder only the top is looked at: one
 * install has one set of permissions, and walking thousands of files would cost more than the rest of a start.
 */
export async function readableByOthers(path: string): Promise<boolean> {
  const entry = await stat(path);
  const needed = entry.isDirectory() ? 0o005 : 0o004;
  if ((entry.mode & needed) !== needed) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
