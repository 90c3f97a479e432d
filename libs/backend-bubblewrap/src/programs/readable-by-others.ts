import { lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Whether any user of the host could read the whole tree: every folder on the way may be entered, every file read. */
export async function readableByOthers(path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) break;
  }
  return await treeReadable(path);
}

async function treeReadable(path: string): Promise<boolean> {
  const entry = await lstat(path);
  if (entry.isSymbolicLink()) return true;
  if (!entry.isDirectory()) return (entry.mode & 0o004) !== 0;
  if ((entry.mode & 0o005) !== 0o005) return false;
  for (const name of await readdir(path)) if (!(await treeReadable(join(path, name)))) return false;
  return true;
}
