import { randomBytes } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { BackendError } from '../errors.ts';

export interface StateLock {
  /** process id written in the lock */
  readonly pid: number;
  release(): Promise<void>;
}

/**
 * Takes the lock of one identity; it counts only while the process that took it lives.
 *
 * @throws BackendError `state_locked`
 */
export async function takeLock(path: string, identity: string): Promise<StateLock> {
  const mine = JSON.stringify({
    pid: process.pid,
    started: processStart(process.pid),
    nonce: randomBytes(8).toString('hex'),
  });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, mine, { mode: 0o600, flag: 'wx' });
  try {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      // A link is made whole or not at all: nobody ever reads half a lock.
      if (await succeeds(link(draft, path))) return { pid: process.pid, release: () => release(path, mine) };
      const held = await readFile(path, 'utf8').catch(() => null);
      if (held === null) continue;
      const pid = livingHolder(held);
      if (pid !== null) {
        throw new BackendError('state_locked', `${identity} is in use by process ${pid}`, {
          data: { identity, pid },
        });
      }
      await setAside(path, held);
    }
  } finally {
    await unlink(draft).catch(() => undefined);
  }
  throw new BackendError('state_locked', `${identity} is in use`, { data: { identity } });
}

/** Removes a dead holder's lock, and puts back one that somebody else has taken in the meantime. */
async function setAside(path: string, expected: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  if (!(await succeeds(rename(path, aside)))) return;
  const found = await readFile(aside, 'utf8').catch(() => expected);
  if (found !== expected) await succeeds(link(aside, path));
  await unlink(aside).catch(() => undefined);
}

async function release(path: string, mine: string): Promise<void> {
  const held = await readFile(path, 'utf8').catch(() => null);
  if (held === mine) await unlink(path).catch(() => undefined);
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
    const now = processStart(value.pid);
    return started !== null && now !== null && started !== now ? null : value.pid;
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

/** Start time of a process as the kernel tells it, so that a reused number is not taken for the holder; null off Linux. */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
