import { rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeTree } from '@bot-bottle/backend';
import { ensureOwnFolder } from './host-folders.ts';
import { type RuntimeRecord, writeRecord } from './runtime-record.ts';

/**
 * Makes the runtime folder of a bottle. It appears with its record in it, so that nobody who cleans up takes one that is
 * being made for a leftover.
 *
 * @throws BackendError `home_unsafe`
 */
export async function makeRuntimeFolder(folder: string, mode: number, record: RuntimeRecord): Promise<void> {
  const draft = join(dirname(folder), draftName(basename(folder)));
  await removeTree(draft);
  try {
    await ensureOwnFolder(draft, mode);
    await writeRecord(draft, record);
    await rename(draft, folder);
  } catch (error) {
    await removeTree(draft);
    throw error;
  }
}

/** The name of a folder that is being made: hidden, as identities never are. */
export function draftName(identity: string): string {
  return `.${identity}.new`;
}

/** The identity whose folder is being made under that name, null for any other name. */
export function identityOfDraft(name: string): string | null {
  return /^\.(.+)\.new$/.exec(name)?.[1] ?? null;
}
