import { execFile } from 'node:child_process';
import { access, chmod, chown, lchown, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { BackendError, removeTree } from '@bot-bottle/backend';
import { guestHome } from './guest-layout.ts';
import { ensureOwnFolder } from './host-folders.ts';
import type { HostUser } from './host-users.ts';
import { isWithin } from './programs/forbidden-folders.ts';

const run = promisify(execFile);

export interface HomeFolder {
  readonly path: string;
  /** Removes it unless the state is marked as kept. */
  remove(): Promise<void>;
}

export interface HomePlace {
  readonly stateDir: string;
  readonly identity: string;
  /** folder for other host users, null: the state folder is used */
  readonly homes: string | null;
  readonly workdir: string;
  /** whether only one that an earlier bottle left will do */
  readonly resumed: boolean;
}

/**
 * The bottle's home on the host: in its state folder, or, for another user, under `homes`. One that a kept bottle left
 * is used again; its owner changes with the user.
 *
 * @throws BackendError `state_missing` when it should be there and is not: nothing is made then
 */
export async function openHome(place: HomePlace, user: HostUser | null): Promise<HomeFolder> {
  const { stateDir, identity, homes, workdir, resumed } = place;
  const base = homes === null ? stateDir : join(homes, identity);
  const path = join(base, 'home');
  if (resumed && !(await isThere(path))) throw homeMissing(identity, path);
  if (homes !== null) {
    await ensureOwnFolder(base, 0o711);
    // what is behind it has modes that the agent chooses: no other user gets there
    if (user !== null) {
      await chown(base, process.getuid?.() ?? 0, user.gid);
      await chmod(base, 0o710);
    }
    await writeFile(join(base, 'state-dir'), stateDir, { mode: 0o600 });
  }
  const fresh = await makeFolder(path);
  // only into a new home: what an earlier agent left could lead elsewhere
  if (fresh && isWithin(workdir, guestHome))
    await mkdir(join(path, relative(guestHome, workdir)), { recursive: true });
  if (user !== null) await giveTo(path, user, fresh);
  // an agent chooses the mode of its own home, and can lock itself out
  await chmod(path, 0o700);
  return {
    path,
    remove: async () => {
      if (!(await isKept(stateDir))) await removeTree(homes === null ? path : base);
    },
  };
}

export function isKept(stateDir: string): Promise<boolean> {
  return isThere(join(stateDir, '.preserve'));
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function homeMissing(identity: string, path: string): BackendError {
  return new BackendError('state_missing', `the home of ${identity} is gone`, {
    hint: `${path} is missing, so there is nothing to resume; as which user was it started?`,
    data: { path },
  });
}

/** State folder that a home under `homes` belongs to. */
export async function stateDirOf(base: string): Promise<string | null> {
  return await readFile(join(base, 'state-dir'), 'utf8').catch(() => null);
}

/** Whether it was made now. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!(await lstat(path)).isDirectory())
      throw new BackendError('state_invalid', `${path} is not a folder`, { data: { path } });
    return false;
  }
}

// a kept home may have had another user, which another bottle has now
async function giveTo(path: string, user: HostUser, fresh: boolean): Promise<void> {
  const { uid } = await lstat(path);
  await lchown(path, user.uid, user.gid);
  if (fresh) await giveContents(path, user);
  // an agent made this tree: it may be deeper than any path is long, and its names need not be text
  else if (uid !== user.uid) await run('chown', ['-R', '-h', `${user.uid}:${user.gid}`, '--', path]);
}

async function giveContents(folder: string, user: HostUser): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await lchown(path, user.uid, user.gid);
    if (entry.isDirectory()) await giveContents(path, user);
  }
}

/** Where the state folder says our own home is: two levels up. */
export const botBottleHomeOf = (stateDir: string) => dirname(dirname(stateDir));
