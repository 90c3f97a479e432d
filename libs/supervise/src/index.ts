export {
  decisionSchema,
  gitleaksAllowSchema,
  needsReason,
  outcomes,
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
