import { realpath } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, relative, sep } from 'node:path';
import { BackendError } from '../errors.ts';

/** Folders below a home that hold credentials of common tools. */
export const credentialFolders = [
  '.ssh',
  '.aws',
  '.azure',
  '.gnupg',
  '.kube',
  '.docker',
  '.config/gcloud',
  '.config/gh',
  '.config/glab-cli',
  '.config/op',
  '.config/sops',
  '.config/rclone',
  '.config/containers',
  '.password-store',
  '.local/share/keyrings',
  '.mozilla',
  '.claude',
  '.codex',
  '.bot-bottle',
  'Library/Keychains',
] as const;

const systemFolders = ['/proc', '/sys', '/dev', '/etc', '/boot', '/run', '/var/run'];

/** Whether `inner` is `outer` or lies below it. */
export function isWithin(inner: string, outer: string): boolean {
  const path = relative(outer, inner);
  return path === '' || (path !== '..' && !path.startsWith(`..${sep}`) && !path.startsWith('/'));
}

/**
 * Real path of a folder that may be copied into a bottle.
 *
 * @throws BackendError `workspace_refused` when it is missing, or is or contains the home, the state or a folder of
 *   credentials, or lies in one of the latter two
 */
export async function workspaceSource(
  folder: string,
  places: { readonly hostHome: string; readonly botBottleHome: string },
): Promise<string> {
  const source = await real(folder);
  if (source === null) throw refuse(folder, 'does not exist');
  // HOME may have been set to anything; the account's own home is protected as well.
  const homes = [...new Set([places.hostHome, ...accountHome()])];
  for (const home of homes) {
    const path = (await real(home)) ?? home;
    if (isWithin(path, source)) throw refuse(folder, `is or contains the home folder ${path}`);
  }
  const secret = homes.flatMap((home) => credentialFolders.map((name) => join(home, name)));
  secret.push(places.botBottleHome);
  for (const place of [...secret, ...systemFolders]) {
    const path = (await real(place)) ?? place;
    if (isWithin(path, source)) throw refuse(folder, `is or contains ${place}`);
    if (isWithin(source, path)) throw refuse(folder, `lies in ${place}`);
  }
  return source;
}

/** Home of the account; [] for a user id without an account, as in many containers. */
function accountHome(): string[] {
  try {
    return [userInfo().homedir];
  } catch {
    return [];
  }
}

function refuse(folder: string, why: string): BackendError {
  return new BackendError('workspace_refused', `${folder} is not copied into a bottle: it ${why}`, {
    hint: 'choose the folder of one project',
    data: { folder },
  });
}

async function real(path: string): Promise<string | null> {
  return await realpath(path).catch(() => null);
}
