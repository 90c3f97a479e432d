import { canonicalJson } from '@bot-bottle/supervise';
import type { FoundProposal } from './found-proposal.ts';

/** Proposals that ask for the same and stand the same, over all bottles, by the arrival of the first. */
export function groupProposals<T extends FoundProposal>(
  found: readonly T[],
): ReadonlyArray<readonly [T, ...T[]]> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const each of found) {
    const key = `${each.state} ${canonicalJson(each.proposal.request)}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [each]);
    else known.push(each);
  }
  return [...groups.values()];
}
