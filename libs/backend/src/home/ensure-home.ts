import { chmod, lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackendError } from '../errors.ts';

/**
 * Makes the folder when it is missing (0700), and refuses one that another user owns or may write to, as sshd does
 * with `~/.ssh`. Readable by others is put right silently. A folder above
 * that everybody may write to is refused too.
 *
 * @throws BackendError `home_unsafe`
 */
export async function ensureHome(home: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  // A link is followed once: dotfile managers link the folder. What counts is who may change the folder itself.
  const found = await stat(home);
  if (!found.isDirectory()) throw unsafe(home, 'is not a folder', 'move it away');
  const uid = process.getuid?.();
  if (uid !== undefined) {
    const link = await lstat(home);
    if (found.uid !== uid || link.uid !== uid) {
      throw unsafe(
        home,
        `belongs to user ${found.uid === uid ? link.uid : found.uid}, not to ${uid}`,
        `sudo chown -R ${uid} ${home}`,
      );
    }
  }
  if ((found.mode & 0o022) !== 0) throw unsafe(home, 'can be written by other users', `chmod 700 ${home}`);
  await refuseOpenParents(await realpath(home));
  if ((found.mode & 0o077) !== 0) await chmod(home, 0o700);
}

/** Whoever may write to a folder above can put another one in its place; a sticky folder such as /tmp forbids that. */
async function refuseOpenParents(home: string): Promise<void> {
  for (let folder = dirname(home); ; folder = dirname(folder)) {
    const { mode } = await stat(folder);
    if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) {
      throw unsafe(folder, 'can be written by everybody', `chmod o-w ${folder}`);
    }
    if (folder === dirname(folder)) return;
  }
}

function unsafe(home: string, what: string, remedy: string): BackendError {
  return new BackendError('home_unsafe', `${home} ${what}`, { hint: remedy, data: { home } });
}
