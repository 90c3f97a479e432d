import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import path from 'node:path';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Why a file under an untrusted folder was not opened. */
export class UnsafePathError extends Error {
  override readonly name = 'UnsafePathError';
  readonly component: string;

  constructor(component: string) {
    super('a part of the path is a symbolic link or not a folder');
    this.component = component;
  }
}

/**
 * Opens `root/steps…` for reading without following a link in any of the steps (those in `root` itself are the
 * caller's). Null when a step does not exist. On Linux each step is opened relative to the descriptor of the one
 * before, so that nothing can be swapped in between; elsewhere each step is looked at before and the last one is
 * opened without following links.
 * @throws {UnsafePathError} when a step is a link, or one before the last is no folder
 */
export async function openBeneath(
  root: string,
  steps: readonly string[],
  last: 'folder' | 'file',
): Promise<FileHandle | null> {
  return process.platform === 'linux' ? openByDescriptor(root, steps, last) : openByPath(root, steps, last);
}

/** Path under which an open folder can be listed and its entries opened. */
export function folderPath(handle: FileHandle, fallback: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : fallback;
}

async function openByDescriptor(
  root: string,
  steps: readonly string[],
  last: 'folder' | 'file',
): Promise<FileHandle | null> {
  let current = await openStep(root, O_RDONLY | O_DIRECTORY, root);
  for (const [index, step] of steps.entries()) {
    if (current === null) return null;
    const isFolder = index < steps.length - 1 || last === 'folder';
    const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | (isFolder ? O_DIRECTORY : 0);
    const before: FileHandle = current;
    try {
      current = await openStep(`/proc/self/fd/${before.fd}/${step}`, flags, step);
    } finally {
      await before.close();
    }
  }
  return current;
}

async function openByPath(
  root: string,
  steps: readonly string[],
  last: 'folder' | 'file',
): Promise<FileHandle | null> {
  let current = root;
  for (const [index, step] of steps.entries()) {
    current = path.join(current, step);
    const isFolder = index < steps.length - 1 || last === 'folder';
    const info = await lstat(current).catch(() => null);
    if (info === null) return null;
    if (info.isSymbolicLink() || (isFolder && !info.isDirectory())) throw new UnsafePathError(step);
  }
  return openStep(
    current,
    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | (last === 'folder' ? O_DIRECTORY : 0),
    path.basename(current),
  );
}

async function openStep(file: string, flags: number, name: string): Promise<FileHandle | null> {
  try {
    return await open(file, flags);
  } catch (error) {
    switch (errorCode(error)) {
      case 'ENOENT':
        return null;
      case 'ELOOP':
      case 'ENOTDIR':
      case 'ENXIO':
        throw new UnsafePathError(name);
      default:
        throw error;
    }
  }
}

/** `code` of a system error, '' for anything else. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
