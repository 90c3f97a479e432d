import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes a tree that a bottle wrote, also folders whose permissions it took away. Links are never followed. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await unlock(path);
    await rm(path, { recursive: true, force: true, maxRetries: 2 });
  }
}

async function unlock(path: string): Promise<void> {
  const entry = await lstat(path).catch(() => null);
  if (entry === null || !entry.isDirectory()) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path)) await unlock(join(path, name));
}
