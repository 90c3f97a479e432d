import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TarEntry } from '../../tar/tar-entry.ts';
import type { GitDir } from './resolve-git-dir.ts';
import { safeGitConfig } from './safe-git-config.ts';

/** Folders and files that all worktrees of a repository share. */
const shared = /^(?:objects|refs|packed-refs|reftable|info|shallow|lfs|logs|description)$/;
/** What belongs to one worktree. */
const own =
  /^(?:HEAD|ORIG_HEAD|FETCH_HEAD|MERGE_[A-Z]+|CHERRY_PICK_HEAD|REVERT_HEAD|REBASE_HEAD|AUTO_MERGE|SQUASH_MSG|COMMIT_EDITMSG|BISECT_[A-Z_]+|index|sharedindex\.[0-9a-f]+|rebase-merge|rebase-apply|sequencer)$/;
const ownRefs = ['bisect', 'worktree', 'rewritten'];
/** Other object stores of the host must not be named inside. */
const neverCopied = /^objects\/info\/(?:http-)?alternates$|\.lock$|^info\/web/;

/**
 * One checkout's repository as an ordinary `.git` folder: hooks, foreign worktrees and links left out, configuration
 * written anew. No git program runs.
 *
 * @param target path of the `.git` folder in the archive
 */
export async function* gitEntries(dir: GitDir, target: string): AsyncGenerator<TarEntry> {
  yield { kind: 'dir', path: target, mode: 0o755 };
  yield { kind: 'text', path: `${target}/config`, mode: 0o644, content: await configOf(dir) };
  const linked = dir.own !== dir.common;
  for (const name of await names(dir.common)) {
    if (shared.test(name) || (!linked && own.test(name))) {
      yield* tree(dir.common, name, target, (path) => linked && isOwnPath(path));
    }
  }
  if (!linked) return;
  for (const name of await names(dir.own)) {
    if (own.test(name)) yield* tree(dir.own, name, target, () => false);
  }
  yield* tree(dir.own, 'logs/HEAD', target, () => false);
  for (const name of ownRefs) yield* tree(dir.own, `refs/${name}`, target, () => false);
  yield* tree(dir.own, 'info/sparse-checkout', target, () => false);
}

function isOwnPath(path: string): boolean {
  return (
    path === 'logs/HEAD' || path === 'info/sparse-checkout' || ownRefs.some((name) => path === `refs/${name}`)
  );
}

async function* tree(
  root: string,
  path: string,
  target: string,
  leaveOut: (path: string) => boolean,
): AsyncGenerator<TarEntry> {
  if (neverCopied.test(path) || leaveOut(path)) return;
  const hostPath = join(root, path);
  const children = await readdirNoFollow(hostPath);
  if (children === null) {
    yield {
      kind: 'host-file',
      path: `${target}/${path}`,
      mode: path.startsWith('objects/') ? 0o444 : 0o644,
      hostPath,
    };
    return;
  }
  yield { kind: 'dir', path: `${target}/${path}`, mode: 0o755 };
  for (const name of children) yield* tree(root, `${path}/${name}`, target, leaveOut);
}

/** Names in a folder; null for a file or anything that is not there; [] for a link to a folder. */
async function readdirNoFollow(path: string): Promise<string[] | null> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    await handle.close();
  } catch {
    return null;
  }
  return await names(path);
}

async function names(path: string): Promise<string[]> {
  const found: string[] = await readdir(path).catch(() => []);
  return found.toSorted();
}

async function configOf(dir: GitDir): Promise<string> {
  const common = await readNoFollow(join(dir.common, 'config'));
  const worktree = await readNoFollow(join(dir.own, 'config.worktree'));
  return safeGitConfig(common, worktree);
}

async function readNoFollow(path: string): Promise<string> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return (await file.stat()).isFile() ? await file.readFile('utf8') : '';
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}
