import { canonicalJson } from '@bot-bottle/supervise';
import type { FoundProposal } from './found-proposal.ts';

/** Proposals that ask for the same and wait alike, over all bottles, by the arrival of the first; others by themselves. */
export function groupProposals<T extends FoundProposal>(
  found: readonly T[],
): ReadonlyArray<readonly [T, ...T[]]> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const each of found) {
    const { state, proposal, response } = each;
    const key = response === null ? `${state} ${canonicalJson(proposal.request)}` : proposal.id;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [each]);
    else known.push(each);
  }
  return [...groups.values()];
}
