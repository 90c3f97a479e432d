import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** unix(7): 108 bytes with the NUL; ssh makes the socket under a name that is 17 bytes longer, then renames it. */
const MAX_PATH_BYTES = 107 - 17;
const END_MS = 2000;

/** Where the connections of one repository are shared; null: the folder's name is too long, none are. */
export function controlPath(keyDir: string, name: string): string | null {
  const path = join(keyDir, `${createHash('sha256').update(name).digest('hex').slice(0, 12)}.mux`);
  return Buffer.byteLength(path) > MAX_PATH_BYTES ? null : path;
}

/**
 * Ends the connection behind a control socket, if any (ssh(1), `-O`): `stop` lets a transfer on it finish, `exit` does
 * not. Never throws: an idle one ends by itself.
 */
export async function endConnection(ssh: string, path: string, how: 'stop' | 'exit'): Promise<void> {
  try {
    await access(path);
    const args = ['-F', '/dev/null', '-o', `ControlPath="${path}"`, '-O', how, 'upstream'];
    const child = spawn(ssh, args, { env: {}, stdio: 'ignore', timeout: END_MS, killSignal: 'SIGKILL' });
    await once(child, 'exit');
  } catch {
    // no connection, or no ssh
  }
}
