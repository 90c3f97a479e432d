import { link, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Hard-links every object of a quarantine into another folder of the same file system: receive-pack removes or moves
 * the quarantine, and what is held stays. Gives the number of bytes.
 */
export async function linkObjects(from: string, to: string): Promise<number> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  let bytes = 0;
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, source.slice(from.length));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await link(source, target);
    bytes += (await stat(target)).size;
  }
  return bytes;
}
