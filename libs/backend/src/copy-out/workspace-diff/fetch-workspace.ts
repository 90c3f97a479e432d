import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bottle } from '../../contracts.ts';
import { copyOut, type CopyOutOptions, type CopyOutResult } from '../copy-out.ts';

/** Objects of repositories are neither shown nor run; where they come from (`info/alternates`) is. */
const objects = /(?:^|\/)\.git\/(?:modules\/.+\/|worktrees\/.+\/)?(?:lfs|objects\/(?!info(?:\/|$)))/;
/** The same for tar; one that does not know these patterns only sends more. */
const exclude = [
  '.git/lfs',
  '.git/objects/pack',
  '.git/objects/??',
  '.git/modules/*/objects/pack',
  '.git/modules/*/objects/??',
];

export interface FetchLimits {
  /** bytes of all files */
  readonly bytes: number;
  readonly entries: number;
  /** bytes of one file; larger ones are skipped */
  readonly fileBytes: number;
}

export const fetchLimits: FetchLimits = {
  bytes: 2 * 1024 ** 3,
  entries: 300_000,
  fileBytes: 128 * 1024 ** 2,
};

/** Copies a folder of a bottle to a private folder that goes when `use` is over, however it ends. */
export async function withFetched<T>(
  bottle: Bottle,
  guestPath: string,
  options: Pick<CopyOutOptions, 'signal' | 'onProgress'> & { readonly limits?: FetchLimits },
  use: (fetched: CopyOutResult) => Promise<T>,
): Promise<T> {
  const { limits = fetchLimits, ...rest } = options;
  const folder = await mkdtemp(join(tmpdir(), 'bot-bottle-diff-'));
  try {
    const fetched = await copyOut(bottle, guestPath, join(folder, 'workspace'), {
      ...rest,
      force: false,
      maxBytes: limits.bytes,
      maxEntries: limits.entries,
      maxFileBytes: limits.fileBytes,
      leaveOut: (path) => objects.test(path),
      exclude,
    });
    return await use(fetched);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
