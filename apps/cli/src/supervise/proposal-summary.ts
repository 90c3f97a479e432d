import { proposalTitle, riskSummary } from '@bot-bottle/supervise';
import type { FoundProposal } from './found-proposal.ts';
import type { ShownProposal } from './shown-proposal.ts';

/** The stable form of a proposal in `--json`. */
export interface ProposalSummary {
  readonly id: string;
  readonly bottle: string;
  readonly sidecar: string;
  readonly kind: string;
  /** `open`, `deciding`, `unreachable`, or how it ended */
  readonly state: string;
  /** ISO 8601, UTC */
  readonly arrived: string;
  /** what is asked, one visible line */
  readonly asks: string;
  /** visible lines, the gravest first; of reach: as the routes are now */
  readonly risks: readonly string[];
  /** what `--digest` takes */
  readonly digest: string;
  /** why it ended as it did, null while it waits */
  readonly reason: string | null;
}

export function summaryOf(shown: ShownProposal): ProposalSummary {
  const { proposal, digest, state, context } = shown;
  return {
    id: proposal.id,
    bottle: proposal.bottle,
    sidecar: proposal.sidecar,
    kind: proposal.request.kind,
    state,
    arrived: proposal.arrived,
    asks: proposalTitle(proposal.request),
    risks: riskSummary(proposal.request, context),
    digest,
    reason: endReason(shown),
  };
}

/** Why a proposal ended, null while it waits. */
export function endReason({ state, response }: FoundProposal): string | null {
  if (response !== null) return response.reason;
  return state === 'abandoned' ? 'its launcher ended without an answer' : null;
}
