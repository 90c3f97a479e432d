import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { Proposal } from './proposal.ts';

/**
 * SHA-256, hex, of the proposal's canonical JSON. Whoever shows a proposal computes it from what he shows and sends it
 * with the decision, so that nothing else than what was shown can be decided.
 */
export function proposalDigest(proposal: Proposal): string {
  return hash('sha256', canonicalJson(proposal));
}
