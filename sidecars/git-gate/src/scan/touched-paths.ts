import type { TouchedPath } from '@bot-bottle/git-gate';
import type { Git, TouchedPaths } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';
import { changesOf, pushedCommits, succeed } from './pushed-changes.ts';
import type { GitAccess } from './scanned-object.ts';
import { refStates } from './ref-states.ts';
import type { RefState } from './ref-states.ts';

/** Longest look at a push's changes. */
const TIMEOUT_MS = 120_000;
/** More than a human can be asked about; the rest is not read any more. */
const MAX_TOUCHED = 1000;
/** Characters of protected paths that are kept for comparing. */
const MAX_COMPARED = 8 * 1024 * 1024;
/** New upstream commits that one ref may build on and still have them compared. */
const MAX_STARTS = 100;

/**
 * Finds the protected paths that a push changes, at most 1,000:
 * - those that a new commit has otherwise than all of its parents;
 * - those that a ref gets otherwise than it has them now, unless the default branch has them exactly so. A new ref is
 *   compared with the default branch, and with the branches whose newest commits it builds on. This finds what a merge
 *   brings back from an older state, and what commits bring that the upstream has already on another branch.
 *
 * Throws `limit_exceeded` when it would have to keep too many names.
 */
export function createTouchedPaths({ git }: { readonly git: Git }): TouchedPaths {
  return async ({ view, updates, defaultBranch, signal }, isProtected) => {
    const access: GitAccess = { git, view, signal, timeoutMs: TIMEOUT_MS };
    const touched = new Touched();
    const tips = updates.flatMap(({ ref, newOid }) => (newOid === null ? [] : [{ ref, oid: newOid }]));
    const commits = await pushedCommits(access, tips);
    const { defaultTree, states } = await refStates(access, updates, defaultBranch);
    const differ = new Map(states.map((state) => [`${state.before} ${state.tree}`, new Set<string>()]));
    let compared = 0;
    for await (const { path, source } of changesOf(access, [...commits.oids, ...differ.keys()], noRenames)) {
      if (!isProtected(path)) continue;
      const paths = differ.get(source);
      if (paths === undefined) touched.add({ path, commit: source });
      else if (!paths.has(path)) {
        paths.add(path);
        compared += path.length;
      }
      if (compared > MAX_COMPARED) throw tooMuch();
      if (touched.isFull) break;
    }
    for (const state of states) {
      const paths = differ.get(`${state.before} ${state.tree}`) ?? new Set();
      if (paths.size === 0 || touched.isFull) continue;
      const good = await goodTrees(access, state, defaultTree);
      for (const path of await inNone(access, state.tree, good, paths))
        touched.add({ path, commit: state.oid });
    }
    return touched.paths();
  };
}

const tooMuch = (): GitGateServerError =>
  new GitGateServerError('limit_exceeded', 'the push changes too many protected paths: push fewer at a time');

const noRenames = ['--no-renames'] as const;

class Touched {
  readonly #paths = new Map<string, TouchedPath>();

  get isFull(): boolean {
    return this.#paths.size >= MAX_TOUCHED;
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  add(touched: TouchedPath): void {
    if (!this.isFull && !this.has(touched.path)) this.#paths.set(touched.path, touched);
  }

  paths(): TouchedPath[] {
    return [...this.#paths.values()];
  }
}

/** Trees whose entries a ref may take over. */
async function goodTrees(
  access: GitAccess,
  state: RefState,
  defaultTree: string | null,
): Promise<readonly string[]> {
  if (!state.isNew) return defaultTree === null ? [] : [defaultTree];
  return await startTrees(access, state);
}

/** Trees of the branches that a new ref builds on at their tips; of an older state of a branch there is none. */
async function startTrees(access: GitAccess, { oid, commit, ref }: RefState): Promise<readonly string[]> {
  if (commit === null) return [];
  const { oids, boundary } = await pushedCommits(access, [{ ref, oid }]);
  const starts = oids.length === 0 ? [commit] : boundary;
  if (starts.length > MAX_STARTS) return [];
  const newest = starts.length < 2 ? starts : await lines(access, ['merge-base', '--independent', ...starts]);
  const branches = await lines(access, ['for-each-ref', '--format=%(objectname) %(tree)', 'refs/heads']);
  const treeOf = new Map(branches.map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']));
  return newest.flatMap((start) => treeOf.get(start) ?? []);
}

/** Paths that `tree` has otherwise than each of the others. */
async function inNone(
  access: GitAccess,
  tree: string,
  others: readonly string[],
  paths: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const pairs = [...new Set(others)].map((other) => `${other} ${tree}`);
  const counts = new Map<string, number>();
  for await (const { path } of changesOf(access, pairs, noRenames)) {
    if (paths.has(path)) counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  // what another tree has exactly so is missing in the comparison with it
  return new Set([...paths].filter((path) => (counts.get(path) ?? 0) >= pairs.length));
}

async function lines(access: GitAccess, args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await succeed(access, { args, input: '' });
  return stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '');
}
