import type { GitRepoManifest } from '@bot-bottle/manifest';
import type { GateRepo } from '../config.ts';

/**
 * Entries of the gate's configuration and whose key each slot is, in the order of their names: the same manifest gives
 * the same slots.
 */
export function gateRepos(declared: Readonly<Record<string, GitRepoManifest>>): {
  repos: GateRepo[];
  keySlots: Record<string, GitRepoManifest>;
} {
  const sorted = Object.values(declared).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const slot = (index: number): string => `GIT_GATE_KEY_${index}`;
  return {
    repos: sorted.map(({ name, url, user, host, port, path, hostKey, push }, index) => ({
      name,
      url,
      user,
      host,
      port,
      path,
      host_key: hostKey,
      key_slot: slot(index),
      push: {
        branches: [...push.branches],
        protect_default: push.protectDefault,
        force: push.force,
        delete: push.delete,
        tags: push.tags,
        approve: push.approve,
        max_bytes: push.maxBytes,
        protected_paths: push.protectedPaths === null ? null : [...push.protectedPaths],
      },
    })),
    keySlots: Object.fromEntries(sorted.map((repo, index) => [slot(index), repo])),
  };
}
