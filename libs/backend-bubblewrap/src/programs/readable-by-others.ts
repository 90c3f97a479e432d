import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Whether any user of the host could get to a file or folder and read it. Of a folder only the top is looked at: one
 * install has one set of permissions, and walking thousands of files would cost more than the rest of a start.
 */
export function readableByOthers(path: string): boolean {
  const entry = statSync(path);
  const needed = entry.isDirectory() ? 0o005 : 0o004;
  if ((entry.mode & needed) !== needed) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
