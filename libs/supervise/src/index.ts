export { canonicalJson } from './canonical-json.ts';
export { SuperviseError, superviseErrorCodes } from './error.ts';
export type { SuperviseErrorCode } from './error.ts';
export { FloodLimit, MAX_OPEN, MAX_PER_MINUTE } from './flood-limit.ts';
export { MAX_PROPOSAL_BYTES } from './desk/proposal-check.ts';
export type {
  Applied,
  ApplyDecision,
  ApplyOptions,
  DecideRequest,
  OpenProposal,
  ProposalApplier,
  ProposalDeskOptions,
  ProposalSource,
} from './desk/proposal-contracts.ts';
export { ProposalDesk } from './desk/proposal-desk.ts';
export { whyNotApplied } from './desk/proposal-refusal.ts';
export {
  baseImages,
  checkDockerfile,
  imagesOf,
  MAX_DOCKERFILE_BYTES,
  renderDockerfile,
} from './dockerfile/check-dockerfile.ts';
export type { BaseImage, CheckedDockerfile, DockerfileCheck } from './dockerfile/check-dockerfile.ts';
export { MAX_DOCKERFILE_LINES } from './dockerfile/dockerfile-lines.ts';
export { capabilityRisks } from './kinds/capability-risks.ts';
export { capabilityBlockSchema, dockerfileSchema } from './kinds/capability-schema.ts';
export { dockerfileDiff } from './kinds/capability-text.ts';
export { dlpHoldSchema } from './kinds/dlp-schema.ts';
export { egressBlockSchema, grantSchema, MAX_GRANT_MINUTES } from './kinds/egress-schema.ts';
export type { Grant } from './kinds/egress-schema.ts';
export { egressRisks } from './kinds/egress-risks.ts';
export { grantText } from './kinds/egress-text.ts';
export { pipelockBlockSchema } from './kinds/pipelock-schema.ts';
export { lentCredential } from './kinds/lent-credential.ts';
export { liveTable } from './live-table.ts';
export { gitleaksAllowSchema, pushApprovalSchema, pushFindingSchema } from './kinds/push-schema.ts';
export type { PushRequest } from './kinds/push-text.ts';
export { createNotifier } from './notify/create-notifier.ts';
export type { Notifier, NotifierOptions } from './notify/create-notifier.ts';
export { notificationSchema } from './notify/notification.ts';
export type { Notification } from './notify/notification.ts';
export { proposalDifferences } from './proposal-differences.ts';
export { proposalDigest } from './proposal-digest.ts';
export { idSource } from './proposal-id.ts';
export { needsReason, proposalKinds, proposalTarget } from './proposal-kinds.ts';
export type { KindRules } from './proposal-kinds.ts';
export {
  decisionSchema,
  digestSchema,
  outcomes,
  proposalId,
  proposalRequestSchema,
  proposalSchema,
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
export { MAX_QUERY_WAIT_MS, proposalStatusSchema, superviseQuerySchema } from './query.ts';
export type { ProposalStatus, SuperviseQuery } from './query.ts';
export { riskSummary } from './risk-summary.ts';
export type { RiskContext } from './risk-summary.ts';
export { superviseConfigSchema, superviseSlots, superviseTools, usualTools } from './supervise-config.ts';
export type { SuperviseConfig, SuperviseConfigInput, SuperviseTool } from './supervise-config.ts';
