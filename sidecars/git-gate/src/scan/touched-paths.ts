import type { TouchedPath } from '@bot-bottle/git-gate';
import type { Git, ScanRequest, TouchedPaths } from '../contracts.ts';
import { changesOf, pushedCommits, succeed } from './pushed-changes.ts';
import type { GitAccess } from './scanned-object.ts';

/** Longest look at a push's changes. */
const TIMEOUT_MS = 120_000;
/** Trees that exist in every repository without being stored. */
const emptyTrees: Readonly<Record<number, string>> = {
  40: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  64: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

/**
 * Finds the protected paths that a push changes: those that a commit has otherwise than all of its parents, and those
 * that a merge brings back from an older state, which differs from no parent but is not what upstream has.
 */
export function createTouchedPaths({ git }: { readonly git: Git }): TouchedPaths {
  return async (request, isProtected) => {
    const access: GitAccess = { git, view: request.view, signal: request.signal, timeoutMs: TIMEOUT_MS };
    const touched = new Map<string, TouchedPath>();
    const commits = await pushedCommits(access, request.tips);
    for await (const { path, source } of changesOf(access, commits.oids, ['--no-renames'])) {
      if (!touched.has(path) && isProtected(path)) touched.set(path, { path, commit: source });
    }
    if (commits.merges > 0) {
      for (const tip of request.tips) {
        for (const path of await resurrected(access, tip, isProtected)) {
          if (!touched.has(path)) touched.set(path, { path, commit: tip.oid });
        }
      }
    }
    return [...touched.values()];
  };
}

/**
 * Protected paths that a tip has otherwise than one of the newest upstream commits it is built on, and otherwise than
 * every branch of upstream.
 */
async function resurrected(
  access: GitAccess,
  tip: ScanRequest['tips'][number],
  isProtected: (path: string) => boolean,
): Promise<ReadonlySet<string>> {
  const { merges, boundary } = await pushedCommits(access, [tip]);
  if (merges === 0) return new Set();
  const bases = boundary.length < 2 ? boundary : await independent(access, boundary);
  const [tree = ''] = await treesOf(access, [tip.oid]);
  const baseTrees = bases.length === 0 ? [emptyTrees[tip.oid.length] ?? ''] : await treesOf(access, bases);
  const differ = new Set<string>();
  for await (const { path } of changesOf(access, pairs(baseTrees, tree), ['--no-renames'])) {
    if (isProtected(path)) differ.add(path);
  }
  if (differ.size === 0) return differ;
  const branches = await succeed(access, {
    args: ['for-each-ref', '--format=%(tree)', 'refs/heads'],
    input: '',
  });
  const branchTrees = new Set(
    branches.stdout
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== ''),
  );
  const counts = new Map<string, number>();
  for await (const { path } of changesOf(access, pairs([...branchTrees], tree), ['--no-renames'])) {
    if (differ.has(path)) counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  // what one branch has exactly so is missing in the comparison with that branch
  return new Set([...differ].filter((path) => (counts.get(path) ?? 0) >= branchTrees.size));
}

function pairs(before: readonly string[], after: string): string[] {
  return before.map((tree) => `${tree} ${after}`);
}

async function independent(access: GitAccess, commits: readonly string[]): Promise<readonly string[]> {
  // beyond that many (and what fits on a command line) all of them count, which only finds more
  if (commits.length > 500) return commits;
  const { stdout } = await succeed(access, { args: ['merge-base', '--independent', ...commits], input: '' });
  return stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '');
}

async function treesOf(access: GitAccess, commits: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await succeed(access, {
    args: ['cat-file', '--batch-check=%(objectname)'],
    input: commits.map((commit) => `${commit}^{tree}\n`).join(''),
  });
  return stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => /^[0-9a-f]+$/.test(line));
}
