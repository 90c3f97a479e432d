import type { Outcome, Proposal, ProposalKind, ProposalRequest } from './proposal.ts';

export interface KindRules {
  /** sidecars that may ask for it */
  readonly askedBy: readonly Proposal['sidecar'][];
  /** a human must say why when he approves */
  readonly needsReason: boolean;
  /** how it ends when its bottle does and nobody has answered */
  readonly atEnd: Outcome;
}

/** What is special about each kind; a new kind is a schema, a row here, its risks and its lines. */
export const proposalKinds: Readonly<Record<ProposalKind, KindRules>> = {
  'push-approval': { askedBy: ['git-gate'], needsReason: false, atEnd: 'rejected' },
  'gitleaks-allow': { askedBy: ['git-gate'], needsReason: true, atEnd: 'rejected' },
};

/** A human must say why when he lets a finding pass. */
export function needsReason(request: ProposalRequest): boolean {
  return proposalKinds[request.kind].needsReason;
}
