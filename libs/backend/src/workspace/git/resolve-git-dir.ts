import { lstat, readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseGitConfig } from './git-config.ts';

/** Where a checkout's repository lies on the host. */
export interface GitDir {
  /** HEAD, index and what else belongs to this checkout */
  readonly own: string;
  /** objects, refs and configuration; the same folder unless this is a linked worktree */
  readonly common: string;
}

export type GitDirResult = { readonly ok: GitDir } | { readonly refused: string };

/**
 * Follows `.git`. A file that points elsewhere counts only when the repository there points back at it: a hostile
 * folder could name any repository of the operator otherwise.
 */
export async function resolveGitDir(gitPath: string): Promise<GitDirResult> {
  const found = await lstat(gitPath);
  if (found.isDirectory()) return { ok: { own: gitPath, common: gitPath } };
  if (!found.isFile() || found.size > 64 * 1024) return { refused: 'it is neither a folder nor a pointer' };
  const pointed = /^gitdir: (.+?)\n?$/s.exec(await readFile(gitPath, 'utf8'))?.[1];
  if (pointed === undefined) return { refused: 'it is not a pointer that git wrote' };
  try {
    const own = await realpath(resolve(dirname(gitPath), pointed));
    return (await readText(join(own, 'commondir'))) === null
      ? await submodule(own, gitPath)
      : await worktree(own, gitPath);
  } catch {
    return { refused: 'the repository it points at is not there' };
  }
}

async function worktree(own: string, gitPath: string): Promise<GitDirResult> {
  const common = await realpath(resolve(own, ((await readText(join(own, 'commondir'))) ?? '').trim()));
  const back = ((await readText(join(own, 'gitdir'))) ?? '').trim();
  const pointsBack = back !== '' && (await realpath(resolve(own, back))) === (await realpath(gitPath));
  if (dirname(own) !== join(common, 'worktrees') || !pointsBack) {
    return {
      refused:
        'the repository it points at does not know this worktree (git worktree repair mends a moved one)',
    };
  }
  return { ok: { own, common } };
}

async function submodule(own: string, gitPath: string): Promise<GitDirResult> {
  const config = parseGitConfig((await readText(join(own, 'config'))) ?? '');
  const value =
    config.findLast(({ section, key }) => section === 'core' && key === 'worktree')?.value ?? null;
  if (value === null || (await realpath(resolve(own, value))) !== (await realpath(dirname(gitPath)))) {
    return { refused: 'the repository it points at does not name this folder as its worktree' };
  }
  return { ok: { own, common: own } };
}

async function readText(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch(() => null);
}
