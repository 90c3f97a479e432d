import type { LiveBottle } from '@bot-bottle/backend';
import type { OpenProposal, Outcome, Proposal, Response } from '@bot-bottle/supervise';

/**
 * `open` and `deciding` wait for a human; `unreachable`: its owner does not answer; `abandoned` without a response: its
 * owner died.
 */
export type ProposalState = 'open' | 'deciding' | 'unreachable' | Outcome;

/** A proposal wherever it was found: with the owner of a running bottle, or in the files of one. */
export interface FoundProposal {
  readonly proposal: Proposal;
  /** computed here, from what is shown here */
  readonly digest: string;
  readonly state: ProposalState;
  readonly deciding: OpenProposal['deciding'];
  readonly response: Response | null;
  /** whom to tell the decision, null: nobody can decide it */
  readonly owner: Pick<LiveBottle, 'identity' | 'socketPath'> | null;
}
