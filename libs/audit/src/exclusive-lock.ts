import { randomBytes } from 'node:crypto';
import { link, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { AuditError, errnoOf } from './error.ts';
import { isAlive, ownIdentity } from './process-identity.ts';

const holderSchema = z.strictObject({
  pid: z.int().positive(),
  start: z.string(),
  boot: z.string(),
  pidNamespace: z.string(),
  token: z.string().regex(/^[0-9a-f]{32}$/),
});
type Holder = z.infer<typeof holderSchema>;

/** An unreadable lock file this old, in ms, was left by a crash of the machine, not by a slow writer. */
const UNREADABLE_AFTER_MS = 10_000;
const MAX_DELAY_MS = 25;

export interface LockOptions {
  /** how long to wait for another holder; 0 tries once */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Lock {
  release(): Promise<void>;
}

async function ignoreMissing(action: Promise<unknown>): Promise<void> {
  try {
    await action;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

async function readHolder(path: string): Promise<Holder | 'missing' | 'unreadable'> {
  try {
    const parsed = holderSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : 'unreadable';
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? 'missing' : 'unreadable';
  }
}

async function tryTake(path: string, holder: Holder): Promise<boolean> {
  const temporary = `${path}.${holder.token}`;
  await writeFile(temporary, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
  try {
    // link(2) makes the lock appear with its content, in one step, or fails with EEXIST.
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await ignoreMissing(unlink(temporary));
  }
}

/**
 * Removes the lock of a dead holder. Two processes may find the same dead holder; if each simply unlinked, the
 * second would remove the fresh lock of a third. So the right to remove is itself taken by link(2) to a name made
 * from the dead holder's token, and what was linked is compared before anything is removed.
 */
async function removeDead(path: string, token: string): Promise<void> {
  const claim = `${path}.${token}.dead`;
  try {
    await link(path, claim);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    if (errnoOf(error) !== 'EEXIST') throw error;
    const claimed = await stat(claim).catch(() => null);
    if (claimed !== null && Date.now() - claimed.ctimeMs > UNREADABLE_AFTER_MS)
      await ignoreMissing(unlink(claim));
    return;
  }
  const linked = await readHolder(claim);
  const isSame =
    linked === 'unreadable' ? token === 'unreadable' : linked !== 'missing' && linked.token === token;
  if (isSame) await ignoreMissing(unlink(path));
  await ignoreMissing(unlink(claim));
}

async function clearIfDead(path: string): Promise<void> {
  const holder = await readHolder(path);
  if (holder === 'missing') return;
  if (holder !== 'unreadable') {
    if (!isAlive(holder)) await removeDead(path, holder.token);
    return;
  }
  const found = await stat(path).catch(() => null);
  if (found !== null && Date.now() - found.mtimeMs > UNREADABLE_AFTER_MS)
    await removeDead(path, 'unreadable');
}

/** Whether a live process holds the lock. */
export async function isLocked(path: string): Promise<boolean> {
  const holder = await readHolder(path);
  return typeof holder === 'object' && isAlive(holder);
}

/**
 * Takes the lock file `path` for this process. The lock of a process that died is removed; a live holder is waited
 * for. Throws `AuditError` (`locked`) after `timeoutMs`.
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  const holder: Holder = { ...ownIdentity(), token: randomBytes(16).toString('hex') };
  const deadline = performance.now() + options.timeoutMs;
  let wait = 1;
  for (;;) {
    options.signal?.throwIfAborted();
    if (await tryTake(path, holder)) break;
    await clearIfDead(path);
    if (await tryTake(path, holder)) break;
    if (performance.now() >= deadline) {
      throw new AuditError('locked', 'another process is writing the audit log', { data: { path } });
    }
    await delay(wait + Math.random() * wait, undefined, { signal: options.signal });
    wait = Math.min(wait * 2, MAX_DELAY_MS);
  }
  return {
    async release() {
      const current = await readHolder(path);
      if (typeof current === 'object' && current.token === holder.token) await ignoreMissing(unlink(path));
    },
  };
}
