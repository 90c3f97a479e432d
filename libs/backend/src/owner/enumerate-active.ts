import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isIdentity } from '../state/identity.ts';
import { ControlClient } from './control-client.ts';
import type { BottleStatus } from './control-messages.ts';
import { OwnerError } from './errors.ts';
import { checkPrivate, controlDir } from './runtime-dir.ts';

export interface EnumerateOptions {
  readonly runtimeDir: string;
  /** only bottles launched from this BOT_BOTTLE_HOME; absent or null: all of this user */
  readonly home?: string | null;
  /** milliseconds that an owner may take to answer, default 2000 */
  readonly timeoutMs?: number;
}

export interface LiveBottle extends BottleStatus {
  readonly socketPath: string;
}

/** An owner that has a socket but does not answer, e.g. because it is stopped in a debugger. */
export interface SilentBottle {
  readonly identity: string;
  readonly socketPath: string;
}

export interface LiveBottles {
  /** by start time and identity */
  readonly bottles: readonly LiveBottle[];
  readonly silent: readonly SilentBottle[];
}

/**
 * Every bottle whose owner lives, asked over the control sockets. Sockets that nobody listens on are removed.
 *
 * @throws OwnerError `runtime_dir_unsafe`
 */
export async function enumerateActive(options: EnumerateOptions): Promise<LiveBottles> {
  const dir = controlDir(options.runtimeDir);
  const names = await readdir(dir).catch(() => null);
  if (names === null) return { bottles: [], silent: [] };
  await checkPrivate(options.runtimeDir);
  await checkPrivate(dir);
  const bottles: LiveBottle[] = [];
  const silent: SilentBottle[] = [];
  await Promise.all(
    names.map(async (name) => {
      const identity = name.endsWith('.sock') ? name.slice(0, -'.sock'.length) : '';
      if (!isIdentity(identity)) return;
      const socketPath = join(dir, name);
      const status = await ask(socketPath, options.timeoutMs ?? 2000);
      if (status === 'silent') silent.push({ identity, socketPath });
      else if (status !== 'gone' && isWanted(status, identity, options))
        bottles.push({ ...status, socketPath });
    }),
  );
  return {
    bottles: bottles.toSorted(
      (a, b) => compare(a.started_at, b.started_at) || compare(a.identity, b.identity),
    ),
    silent: silent.toSorted((a, b) => compare(a.identity, b.identity)),
  };
}

function isWanted(status: BottleStatus, identity: string, options: EnumerateOptions): boolean {
  const { home = null } = options;
  return status.identity === identity && (home === null || status.home === home);
}

async function ask(socketPath: string, timeoutMs: number): Promise<BottleStatus | 'gone' | 'silent'> {
  try {
    return await new ControlClient(socketPath).status({ timeoutMs });
  } catch (error) {
    if (!OwnerError.isInstance(error) || error.code !== 'no_such_bottle') return 'silent';
    const cause: unknown = error.cause;
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : null;
    // Only a refused connection proves that nobody listens.
    if (code === 'ECONNREFUSED') await unlink(socketPath).catch(() => undefined);
    return code === 'ECONNREFUSED' || code === 'ENOENT' ? 'gone' : 'silent';
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
