import { existsSync, readdirSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RepoService } from '../repo-service.ts';

const POLL_MS = 100;
/** What git may add to a push so that its pack stands alone (git-index-pack(1), `--fix-thin`): the bases of its deltas. */
const BASES_BYTES = 64 * 1024 * 1024;
/** Where receive-pack puts what it has not taken yet (tmp-objdir.c of git). */
const isQuarantine = (name: string): boolean => name.startsWith('tmp_objdir-');

/**
 * Why what is on the disk is too much, null when it is not: `receive.maxInputSize` counts what a client sends, and
 * neither what git adds to it nor what other pushes brought.
 */
export async function overDisk({ mirror, repo, limits }: RepoService): Promise<string | null> {
  const objects = join(mirror.gitDir, 'objects');
  const names = (await readdir(objects).catch((): string[] => [])).filter(isQuarantine);
  const sizes = await Promise.all(names.map((name) => folderBytes(join(objects, name, 'pack'))));
  const incoming = sizes.reduce((sum, size) => sum + size, 0);
  const total = incoming + (await folderBytes(join(objects, 'pack')));
  if (total > limits.mirror_bytes)
    return `the mirror would be larger than limits.mirror_bytes (${limits.mirror_bytes})`;
  const most = 2 * repo.push.max_bytes + BASES_BYTES;
  return incoming > most ? `the pushes of ${repo.name} would take more than ${most} bytes` : null;
}

/** Watches the disk until `done`; `onOver` is called once. */
export async function watchDisk(repo: RepoService, done: AbortSignal, onOver: () => void): Promise<void> {
  while (!done.aborted) {
    if ((await overDisk(repo)) !== null) {
      onOver();
      return;
    }
    await delay(POLL_MS, undefined, { signal: done }).catch(() => undefined);
  }
}

/** Removes what receive-packs that were killed have left; only while none runs, and none is started meanwhile. */
export async function removeQuarantines({ mirror, pushes }: RepoService): Promise<void> {
  const objects = join(mirror.gitDir, 'objects');
  if (pushes.size > 0 || !existsSync(objects)) return;
  const names = readdirSync(objects).filter(isQuarantine);
  await Promise.all(names.map((name) => rm(join(objects, name), { recursive: true, force: true })));
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch((): string[] => []);
  const sizes = names.map(async (name) => (await stat(join(folder, name)).catch(() => null))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
