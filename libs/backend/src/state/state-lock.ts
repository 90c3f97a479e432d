import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, readdir, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError } from '../errors.ts';

export interface StateLock {
  /** process id written in the lock */
  readonly pid: number;
  release(): Promise<void>;
}

const prefix = '.lock-';

/**
 * Takes the lock of one identity; it counts only while the process that took it lives.
 *
 * The lock is the file with the highest number, and numbers only grow. Whoever finds its holder gone makes the next
 * number, which one can do only, and then removes the lower ones; so a latecomer that still believes in a lower number
 * either finds it there or finds a higher one.
 *
 * @param folder folder of the state
 * @throws BackendError `state_locked`
 */
export async function takeLock(folder: string, identity: string): Promise<StateLock> {
  const nonce = randomBytes(8).toString('hex');
  const draft = join(folder, `.draft-${nonce}`);
  const mine = JSON.stringify({
    pid: process.pid,
    started: processStat(process.pid)?.started ?? null,
    nonce,
  });
  await writeFile(draft, mine, { mode: 0o600, flag: 'wx' });
  try {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const last = await highest(folder);
      const held =
        last === 0 ? '' : await readFile(join(folder, `${prefix}${last}`), 'utf8').catch(() => null);
      if (held === null) continue;
      const pid = livingHolder(held);
      if (pid !== null) {
        throw new BackendError('state_locked', `${identity} is in use by process ${pid}`, {
          data: { identity, pid },
        });
      }
      const path = join(folder, `${prefix}${last + 1}`);
      // A link is made whole or not at all: nobody ever reads half a lock.
      if (!(await succeeds(link(draft, path)))) continue;
      if ((await highest(folder)) === last + 1) {
        await removeBelow(folder, last + 1);
        return { pid: process.pid, release: async () => await release(path) };
      }
      await unlink(path).catch(() => undefined);
    }
  } finally {
    await unlink(draft).catch(() => undefined);
  }
  throw new BackendError('state_locked', `${identity} is in use`, { data: { identity } });
}

/** Process id of the living holder of a state, null when nobody holds it. Only looks. */
export async function lockHolder(folder: string): Promise<number | null> {
  const last = await highest(folder).catch(() => 0);
  if (last === 0) return null;
  const held = await readFile(join(folder, `${prefix}${last}`), 'utf8').catch(() => '');
  return livingHolder(held);
}

async function numbers(folder: string): Promise<number[]> {
  const names: string[] = await readdir(folder);
  return names
    .filter((name) => /^\.lock-\d{1,15}$/.test(name))
    .map((name) => Number(name.slice(prefix.length)));
}

async function highest(folder: string): Promise<number> {
  return Math.max(0, ...(await numbers(folder)));
}

async function removeBelow(folder: string, limit: number): Promise<void> {
  for (const number of await numbers(folder)) {
    if (number < limit) await unlink(join(folder, `${prefix}${number}`)).catch(() => undefined);
  }
}

/** Empties the file instead of removing it: the number must stay taken. */
async function release(path: string): Promise<void> {
  await truncate(path).catch(() => undefined);
}

async function succeeds(action: Promise<unknown>): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw error;
  }
}

function livingHolder(text: string): number | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number')
      return null;
    const started = 'started' in value ? value.started : null;
    if (!isAlive(value.pid)) return null;
    const now = processStat(value.pid);
    if (now === null) return value.pid;
    return now.isDead || (started !== null && started !== now.started) ? null : value.pid;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

interface ProcessStat {
  /** start time as the kernel tells it, so that a reused number is not taken for the holder */
  readonly started: string;
  /** whether only its parent has yet to look at how it ended */
  readonly isDead: boolean;
}

/** Null when there is none, and off Linux (proc_pid_stat(5), fields 3 and 22). */
function processStat(pid: number): ProcessStat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const started = fields[19];
    return started === undefined ? null : { started, isDead: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return null;
  }
}
