import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OwnerError } from './errors.ts';

/** Longest path that fits into `sun_path` everywhere, in bytes. */
export const MAX_SOCKET_PATH_BYTES = 100;
/** `/<40 characters>-<5>.sock` */
const longestName = 52;

/** Folder for sockets: `$XDG_RUNTIME_DIR/bot-bottle`, else (or where that is too long) `/tmp/bot-bottle-<uid>`. */
export function runtimeDir(env: Readonly<Record<string, string | undefined>>): string {
  const xdg = env['XDG_RUNTIME_DIR'];
  if (xdg !== undefined && xdg.startsWith('/') && existsSync(xdg)) {
    const dir = join(xdg, 'bot-bottle');
    if (Buffer.byteLength(join(dir, 'control')) + longestName < MAX_SOCKET_PATH_BYTES) return dir;
  }
  return `/tmp/bot-bottle-${process.getuid?.() ?? 0}`;
}

/** Folder of the control sockets below a runtime folder. */
export const controlDir = (runtime: string): string => join(runtime, 'control');

/** Path of a bottle's control socket. */
export function controlSocketPath(runtime: string, identity: string): string {
  const path = join(controlDir(runtime), `${identity}.sock`);
  if (Buffer.byteLength(path) >= MAX_SOCKET_PATH_BYTES) {
    throw new OwnerError('socket_unavailable', `the path of the control socket is too long: ${path}`, {
      hint: 'give the agent a shorter name, or set XDG_RUNTIME_DIR to a shorter path',
    });
  }
  return path;
}

/**
 * Makes both folders when missing; refuses ones that are links, belong to somebody else or can be written by others.
 *
 * @throws OwnerError `runtime_dir_unsafe`
 */
export async function ensureControlDir(runtime: string): Promise<string> {
  await makePrivate(runtime);
  const dir = controlDir(runtime);
  await makePrivate(dir);
  // Nobody but the operator may even look for a socket; the runtime folder itself may have to be passed through.
  await chmod(dir, 0o700);
  return dir;
}

async function makePrivate(dir: string): Promise<void> {
  await mkdir(dir, { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw new OwnerError('runtime_dir_unsafe', `${dir} cannot be made`, { cause: error });
    }
  });
  await checkPrivate(dir);
}

/**
 * Refuses a folder in which somebody else could have put a socket.
 *
 * @throws OwnerError `runtime_dir_unsafe`
 */
export async function checkPrivate(dir: string): Promise<void> {
  const found = await lstat(dir);
  const uid = process.getuid?.() ?? found.uid;
  const unsafe = (what: string, hint: string): OwnerError =>
    new OwnerError('runtime_dir_unsafe', `${dir} ${what}`, { hint, data: { dir } });
  if (!found.isDirectory()) throw unsafe('is not a folder', 'remove it');
  if (found.uid !== uid)
    throw unsafe(`belongs to user ${found.uid}, not to ${uid}`, 'have its owner remove it');
  if ((found.mode & 0o022) !== 0) throw unsafe('can be written by other users', `chmod 700 ${dir}`);
}
