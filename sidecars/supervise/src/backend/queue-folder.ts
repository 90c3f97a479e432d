import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { proposalId } from '@bot-bottle/supervise';

const MAX_FILE_BYTES = 1024 * 1024;
const SUFFIX = '.json';

/** Ids of the proposals whose files are in a folder, sorted by time. */
export async function idsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .filter((id) => proposalId.safeParse(id).success)
    .toSorted();
}

/** Writes `<id>.json` (0600) in one step: nobody ever reads half of it. */
export async function writeEntry(folder: string, id: string, value: unknown): Promise<void> {
  const draft = join(folder, `.tmp-${randomBytes(8).toString('hex')}`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, join(folder, `${id}${SUFFIX}`));
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

export type Entry = { readonly value: unknown } | { readonly problem: string } | null;

/** Reads `<id>.json`; null when there is none. Follows no link and waits for no pipe. */
export async function readEntry(folder: string, id: string): Promise<Entry> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(join(folder, `${id}${SUFFIX}`), flags);
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
    return code === 'ENOENT' ? null : { problem: 'cannot be read' };
  }
  try {
    const found = await handle.stat();
    if (!found.isFile()) return { problem: 'is not a regular file' };
    if ((found.mode & 0o002) !== 0) return { problem: 'can be written by everybody' };
    if (found.size > MAX_FILE_BYTES) return { problem: 'is too large' };
    return { value: JSON.parse(await handle.readFile('utf8')) };
  } catch {
    return { problem: 'is not JSON' };
  } finally {
    await handle.close();
  }
}
