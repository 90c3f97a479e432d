import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree, type HelperName } from '@bot-bottle/backend';
import { ensureOwnFolder, type HostFolders } from './host-folders.ts';
import type { HostUser } from './host-users.ts';

export interface ScratchPlace {
  readonly identity: string;
  readonly stateDir: string;
  /** folder for other host users, null: the state folder is used */
  readonly homes: HostFolders['homes'];
}

/** Below `homes`; the dot keeps it from being taken for a bottle. */
export const scratchRoot = (homes: string): string => join(homes, '.scratch');

/** Where the folders of all sidecars of one bottle are. */
export function scratchBase({ identity, stateDir, homes }: ScratchPlace): string {
  return homes === null ? join(stateDir, 'scratch') : join(scratchRoot(homes), identity);
}

/**
 * A fresh folder on disk for one sidecar, 0700 and its own. The folder around it lets no other user through, whatever
 * the sidecar does to its modes.
 */
export async function openScratch(
  place: ScratchPlace,
  name: HelperName,
  user: HostUser | null,
): Promise<string> {
  const { homes } = place;
  const base = scratchBase(place);
  const around = join(base, name);
  const path = join(around, 'data');
  if (homes !== null) await ensureOwnFolder(scratchRoot(homes), 0o711);
  await ensureOwnFolder(base, homes === null ? 0o700 : 0o711);
  await removeTree(around);
  await mkdir(around, { mode: 0o700 });
  await mkdir(path, { mode: 0o700 });
  if (user !== null) {
    await chown(path, user.uid, user.gid);
    await chown(around, process.getuid?.() ?? 0, user.gid);
    await chmod(around, 0o710);
  }
  return path;
}

/** Whatever becomes of the state: what is in it can be had again. */
export async function removeScratch(place: ScratchPlace): Promise<void> {
  await removeTree(scratchBase(place));
}
