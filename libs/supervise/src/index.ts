export { canonicalJson } from './canonical-json.ts';
export { SuperviseError, superviseErrorCodes } from './error.ts';
export type { SuperviseErrorCode } from './error.ts';
export { FloodLimit, MAX_OPEN, MAX_PER_MINUTE } from './flood-limit.ts';
export { proposalDifferences } from './proposal-differences.ts';
export { proposalDigest } from './proposal-digest.ts';
export { idSource } from './proposal-id.ts';
export { needsReason, proposalKinds } from './proposal-kinds.ts';
export type { KindRules } from './proposal-kinds.ts';
export {
  decisionSchema,
  digestSchema,
  gitleaksAllowSchema,
  outcomes,
  proposalId,
  proposalRequestSchema,
  proposalSchema,
  pushApprovalSchema,
  pushFindingSchema,
  queuedSchema,
  responseSchema,
} from './proposal.ts';
export type {
  Decision,
  Outcome,
  Proposal,
  ProposalKind,
  ProposalRequest,
  Queued,
  Response,
} from './proposal.ts';
export { MAX_PROCESSED, QueueStore, queuedBottles } from './queue/queue-store.ts';
export type { QueueEntry, QueueListing } from './queue/queue-store.ts';
export { proposalTitle, renderProposal } from './render-proposal.ts';
export { riskSummary } from './risk-summary.ts';
