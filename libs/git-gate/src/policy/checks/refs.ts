import type { PushedRef, PushFacts } from '../../contracts.ts';
import { branchMatcher } from '../../globs/branch-matcher.ts';
import { needsApproval, type PushCheck, refused } from '../check.ts';
import { isPushableName, refName } from '../ref-name.ts';

const tagsOf = ({ refs }: PushFacts): PushedRef[] => refs.filter(({ ref }) => refName(ref).kind === 'tag');
const branchesOf = ({ refs }: PushFacts): PushedRef[] =>
  refs.filter(({ ref }) => refName(ref).kind === 'branch');

export const refsCheck: PushCheck = {
  name: 'refs',
  run: (_, { refs, symbolicRefs }) => {
    const seen = new Set<string>();
    return refs.flatMap(({ ref }) => {
      if (refName(ref).kind === 'other') {
        return [refused('push_policy_branch', ref, 'only refs/heads/* and refs/tags/* can be pushed')];
      }
      if (!isPushableName(ref)) return [refused('push_policy_branch', ref, 'this is not a usable name')];
      const target = symbolicRefs.get(ref);
      if (target !== undefined) {
        return [
          refused('push_policy_branch', ref, `it is another name of ${target} at the upstream: push to that`),
        ];
      }
      if (seen.has(ref)) return [refused('push_policy_branch', ref, 'it is pushed twice at once')];
      seen.add(ref);
      return [];
    });
  },
};

/** A branch that the agent may not update is not its to delete either, so the globs hold for deletions too. */
export const branchesCheck: PushCheck = {
  name: 'branches',
  run: ({ branches }, facts) => {
    const allowed = branchMatcher(branches);
    const why =
      branches.length === 0 ? 'push.branches allows none' : `push.branches allows only ${branches.join(' ')}`;
    return branchesOf(facts)
      .filter(({ ref }) => !allowed(refName(ref).short))
      .map(({ ref }) => refused('push_policy_branch', ref, why));
  },
};

export const tagsCheck: PushCheck = {
  name: 'tags',
  run: ({ tags }, facts) =>
    tags ? [] : tagsOf(facts).map(({ ref }) => refused('push_policy_tag', ref, 'push.tags is false')),
};

/** The default branch is never deleted: everything else hangs on it, and forges refuse it too. */
export const deleteCheck: PushCheck = {
  name: 'delete',
  run: (policy, { refs, defaultBranch }) =>
    refs
      .filter(({ newOid }) => newOid === null)
      .flatMap(({ ref }) => {
        if (ref === defaultBranch) {
          return [
            refused('push_policy_delete', ref, 'the default branch cannot be deleted through the gate'),
          ];
        }
        return policy.delete ? [] : [refused('push_policy_delete', ref, 'push.delete is false')];
      }),
};

/** A tag is meant to stay where it is, so moving one is a rewrite even when it moves forward. */
export const forceCheck: PushCheck = {
  name: 'force',
  run: ({ force }, { refs }) =>
    force
      ? []
      : refs.filter(isRewrite).map(({ ref }) => {
          const what = refName(ref).kind === 'tag' ? 'it moves a tag' : 'it is not a fast-forward';
          return refused('push_policy_force', ref, `${what}, and push.force is false`);
        }),
};

function isRewrite({ ref, oldOid, newOid, fastForward }: PushedRef): boolean {
  if (newOid === null) return false;
  const moves = oldOid !== null && oldOid !== newOid;
  return !fastForward || (moves && refName(ref).kind === 'tag');
}

/** Also its creation: an upstream that names a default branch already has others. */
export const defaultBranchCheck: PushCheck = {
  name: 'default-branch',
  run: ({ protect_default: protect }, { refs, defaultBranch }) =>
    refs
      .filter(
        ({ ref, oldOid, newOid }) => protect && ref === defaultBranch && newOid !== null && newOid !== oldOid,
      )
      .map(({ ref }) => needsApproval('push_policy_branch', ref, 'it is the default branch of the upstream')),
};
