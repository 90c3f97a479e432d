import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackendError } from '../errors.ts';
import { readTar, type TarItem } from '../tar/read-tar.ts';
import type { CopiedEntry, SkippedEntry } from './copied-entry.ts';
import { itemPath } from './item-path.ts';
import { staysInside } from './link-target.ts';

export interface UnpackLimits {
  readonly bytes: number;
  readonly entries: number;
  /** larger files are skipped; absent: none is */
  readonly fileBytes?: number;
  /** whether something, by its path below the top, is passed over without a word */
  readonly leaveOut?: (path: string) => boolean;
  readonly onProgress?: (files: number, bytes: number) => void;
}

export interface Unpacked {
  readonly files: number;
  readonly bytes: number;
  /** folders before what they hold, links last */
  readonly entries: readonly CopiedEntry[];
  readonly skipped: readonly SkippedEntry[];
  /** whether anything came at all */
  readonly found: boolean;
}

/**
 * Unpacks an archive made in a bottle to `<folder>/root`, where `folder` is fresh and nobody else's. Only files, folders
 * and links that stay inside are made; links come last, so no file is ever written through one. Of the modes only
 * "executable" survives.
 *
 * @throws BackendError `copy_refused` when the archive is broken, repeats a name, or passes a limit
 */
export async function unpack(
  source: AsyncIterable<Uint8Array>,
  root: string,
  folder: string,
  limits: UnpackLimits,
): Promise<Unpacked> {
  const top = join(folder, 'root');
  const made: CopiedEntry[] = [];
  const skipped: SkippedEntry[] = [];
  const links = new Map<string, string>();
  let [entries, files, bytes] = [0, 0, 0];
  for await (const item of readTar(source)) {
    entries += 1;
    if (entries > limits.entries) throw tooMuch(`more than ${limits.entries} files`);
    const path = itemPath(item.path, root);
    if (path !== null && limits.leaveOut?.(path) === true) continue;
    const reason = skipReason(item, path, limits);
    if (path === null || reason !== null) {
      skipped.push(skippedEntry(item, path, reason ?? ''));
      continue;
    }
    const target = path === '' ? top : join(top, path);
    if (item.type === 'link') {
      links.set(path, item.linkTarget);
      continue;
    }
    if (item.type === 'dir') {
      await mkdir(target, { recursive: true, mode: 0o755 }).catch((error: unknown) =>
        clash(item.path, error),
      );
      made.push({ path, type: 'folder', executable: false, size: 0, linkTarget: null });
      continue;
    }
    if (bytes + item.size > limits.bytes) throw tooMuch(`more than ${limits.bytes} bytes`);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 }).catch((error: unknown) =>
      clash(item.path, error),
    );
    bytes += await writeFile(item, target);
    files += 1;
    limits.onProgress?.(files, bytes);
    const { size, mode } = item;
    made.push({ path, type: 'file', executable: (mode & 0o111) !== 0, size, linkTarget: null });
  }
  for (const [path, target] of links) {
    // It would be made where that link leads, and from there its target may lead out.
    if (foldersOf(path).some((folder) => links.has(folder)))
      throw new BackendError(
        'copy_refused',
        `the archive has ${JSON.stringify(path.slice(0, 200))} behind a link`,
      );
    await mkdir(dirname(join(top, path)), { recursive: true, mode: 0o755 }).catch((error: unknown) =>
      clash(path, error),
    );
    await symlink(target, join(top, path)).catch((error: unknown) => clash(path, error));
    made.push({ path, type: 'link', executable: false, size: 0, linkTarget: target });
  }
  const found = await lstat(top).then(
    () => true,
    () => false,
  );
  return { files, bytes, entries: made, skipped, found };
}

function skipReason(item: TarItem, path: string | null, limits: UnpackLimits): string | null {
  if (path === null) return 'its name leads elsewhere';
  switch (item.type) {
    case 'other':
      return 'it is neither file, folder nor link';
    case 'link':
      return path !== '' && staysInside(path, item.linkTarget)
        ? null
        : `it is a link that leads out: ${item.linkTarget}`;
    case 'file':
      return item.size > (limits.fileBytes ?? Number.POSITIVE_INFINITY)
        ? `it is larger than ${limits.fileBytes ?? 0} bytes`
        : null;
    case 'dir':
      return null;
  }
}

function skippedEntry(item: TarItem, inside: string | null, why: string): SkippedEntry {
  const type = item.type === 'dir' ? 'other' : item.type;
  return { path: item.path, inside, type, linkTarget: type === 'link' ? item.linkTarget : null, why };
}

/** Every folder that a path lies in, below the top. */
function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

async function writeFile(item: TarItem, target: string): Promise<number> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(target, flags, 0o600).catch((error: unknown) => clash(item.path, error));
  let written = 0;
  try {
    for await (const chunk of item.content()) {
      await file.writeFile(chunk);
      written += chunk.length;
    }
  } finally {
    await file.close();
  }
  await chmod(target, (item.mode & 0o111) === 0 ? 0o644 : 0o755);
  return written;
}

function clash(path: string, cause: unknown): never {
  throw new BackendError(
    'copy_refused',
    `the archive from the bottle cannot be unpacked at ${JSON.stringify(path.slice(0, 200))}`,
    { cause },
  );
}

function tooMuch(what: string): BackendError {
  return new BackendError('copy_refused', `the copy holds ${what}`);
}
