import { constants } from 'node:fs';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkDockerfile, MAX_DOCKERFILE_BYTES } from '@bot-bottle/supervise';
import { BackendError } from '../errors.ts';
import { rebuiltMark, resumedMark } from './resumed-state.ts';
import type { StateStore } from './state-store.ts';

/** What the Dockerfile is built on that a bottle has before any was approved for it. */
export const plainDockerfile = 'FROM agent\n';

const file = (stateDir: string): string => join(stateDir, 'Dockerfile');

/**
 * The Dockerfile that was approved for a bottle, null: none was.
 *
 * @throws BackendError `state_invalid` when it cannot be used, `not_available` when the backend builds none
 */
export async function rebuiltDockerfile(
  stateDir: string,
  backend: { readonly name: string; readonly rebuild?: boolean },
): Promise<string | null> {
  const path = file(stateDir);
  const text = await readPlain(path).catch((cause: unknown) => {
    throw new BackendError('state_invalid', `${path} cannot be read`, { data: { path }, cause });
  });
  if (text === null) return null;
  const hint = `without that file it goes on in the image that it had at first`;
  const checked = checkDockerfile(text);
  if (!checked.ok)
    throw new BackendError('state_invalid', `${path} breaks the rules: ${checked.problems.join('; ')}`, {
      hint,
      data: { path },
    });
  if (backend.rebuild === false)
    throw new BackendError(
      'not_available',
      `the bottle goes on in an image of its own (${path}), and ${backend.name} builds none here`,
      { hint, data: { path } },
    );
  return text;
}

/**
 * Writes down that a bottle goes on in another image, and that its state is kept until then: both or nothing.
 *
 * @throws Error of the file system
 */
export async function keepRebuilt(store: StateStore, identity: string, dockerfile: string): Promise<void> {
  const path = file(store.dir(identity));
  const mark = await store.keepReason(identity);
  // What the operator asked to keep stays kept.
  const isOurs = mark === null || mark === resumedMark || mark === rebuiltMark;
  if (isOurs) await store.preserve(identity, rebuiltMark);
  try {
    await writeFile(`${path}.new`, dockerfile, { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch (error) {
    await rm(`${path}.new`, { force: true }).catch(() => undefined);
    if (mark === null) await store.unpreserve(identity).catch(() => undefined);
    else await store.preserve(identity, mark).catch(() => undefined);
    throw error;
  }
}

/** Follows no link and waits for no pipe. */
async function readPlain(path: string): Promise<string | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size > MAX_DOCKERFILE_BYTES) throw new Error('is no Dockerfile');
    return await readFile(handle, 'utf8');
  } finally {
    await handle.close();
  }
}
