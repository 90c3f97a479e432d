import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, guardName, sidecarNames, type HelperName } from '@bot-bottle/backend';
import { ensureOwnFolder } from './host-folders.ts';

// the range systemd leaves to dynamic users (systemd.exec(5), DynamicUser=): no account of the host has one of these
const FIRST = 61184;
const LAST = 65519;
const helpers: readonly HelperName[] = [...sidecarNames, guardName];
const USERS_PER_BOTTLE = 1 + helpers.length;
const SLOTS = Math.floor((LAST - FIRST + 1) / USERS_PER_BOTTLE);

export interface HostUser {
  readonly uid: number;
  readonly gid: number;
}

/** Host users of one bottle: the agent's and one of each sidecar; null when everything runs as the caller. */
export interface HostUsers {
  agent(): HostUser | null;
  sidecar(name: HelperName): HostUser | null;
  release(): Promise<void>;
}

export const callersUser: HostUsers = { agent: () => null, sidecar: () => null, release: async () => {} };

/**
 * Takes users that no other bottle has now. The same identity gets the same users when they are free.
 *
 * @param folder where the taken ones are noted
 */
export async function takeHostUsers(folder: string, identity: string): Promise<HostUsers> {
  await ensureOwnFolder(folder, 0o700);
  const start = createHash('sha256').update(identity).digest().readUInt32BE(0) % SLOTS;
  for (let offset = 0; offset < SLOTS; offset += 1) {
    const slot = (start + offset) % SLOTS;
    const note = join(folder, String(slot));
    try {
      await writeFile(note, identity, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if ((await readFile(note, 'utf8').catch(() => '')) !== identity) continue;
    }
    const first = FIRST + slot * USERS_PER_BOTTLE;
    const user = (index: number) => ({ uid: first + index, gid: first + index });
    return {
      agent: () => user(0),
      sidecar: (name) => user(1 + helpers.indexOf(name)),
      release: () => rm(note, { force: true }),
    };
  }
  throw new BackendError('launch_failed', 'too many bottles run already', { hint: 'bot-bottle cleanup' });
}

/** Gives back what a bottle that is gone had taken. */
export async function releaseHostUsers(folder: string, identity: string): Promise<void> {
  for (const slot of await readdir(folder).catch(() => [])) {
    const note = join(folder, slot);
    if ((await readFile(note, 'utf8').catch(() => '')) === identity) await rm(note, { force: true });
  }
}
