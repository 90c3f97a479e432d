import type { KeyPath } from '../problem.ts';

/** Keys of earlier versions and of the other kind of file, with what to write instead. */
export interface LegacyKey {
  readonly code: 'legacy_key' | 'not_allowed_here';
  readonly message: string;
  readonly hint: string;
}

// Maps, not objects: the keys looked up come from the file and may be `constructor`.
const gitKeys: ReadonlyMap<string, string> = new Map([
  ['git', '`git` was replaced by `git-gate`'],
  ['git.user', '`git.user` was replaced by `git-gate.user`'],
  ['git.remotes', '`git.remotes` was replaced by `git-gate.repos`'],
]);

const bottleHints: ReadonlyMap<string, string> = new Map([
  ['git-gate.remotes', '`remotes` was replaced by `repos`, a map from the local name to the repository'],
]);

/** Targeted message for a key that is unknown now, null when there is nothing special to say. */
export function legacyKey(
  kind: 'bottle' | 'agent',
  path: KeyPath,
  bottleKeys: readonly string[],
): LegacyKey | null {
  const name = path.join('.');
  const replaced = gitKeys.get(name) ?? (kind === 'bottle' ? bottleHints.get(name) : undefined);
  if (replaced !== undefined) {
    const hint =
      kind === 'bottle'
        ? 'move the identity to `git-gate.user` and the remotes to `git-gate.repos`'
        : 'move the identity to `git-gate.user`; repositories belong into the bottle';
    return { code: 'legacy_key', message: replaced, hint };
  }
  if (kind === 'bottle') return null;
  if (name === 'git-gate.repos') {
    return {
      code: 'not_allowed_here',
      message: 'an agent cannot declare repositories: they carry credentials and host trust',
      hint: 'declare them in the bottle, under `git-gate.repos`',
    };
  }
  if (path.length === 1 && bottleKeys.includes(name)) {
    return {
      code: 'not_allowed_here',
      message: `\`${name}\` belongs into a bottle, not into an agent`,
      hint: 'set it in the bottle that the agent names',
    };
  }
  return null;
}
