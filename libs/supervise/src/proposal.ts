import { z } from 'zod';
import { capabilityBlockSchema, dockerfileSchema } from './kinds/capability-schema.ts';
import { dlpHoldSchema } from './kinds/dlp-schema.ts';
import { egressBlockSchema, grantSchema } from './kinds/egress-schema.ts';
import { pipelockBlockSchema } from './kinds/pipelock-schema.ts';
import { gitleaksAllowSchema, pushApprovalSchema } from './kinds/push-schema.ts';
import { text } from './text.ts';

/** What a sidecar asks; hostile until this has accepted it, and hostile text after that. */
export const proposalRequestSchema = z.discriminatedUnion('kind', [
  pushApprovalSchema,
  gitleaksAllowSchema,
  egressBlockSchema,
  dlpHoldSchema,
  capabilityBlockSchema,
  pipelockBlockSchema,
]);
export type ProposalRequest = z.infer<typeof proposalRequestSchema>;
export const proposalKindSchema = z.enum([
  'push-approval',
  'gitleaks-allow',
  'egress-block',
  'dlp-hold',
  'capability-block',
  'pipelock-block',
]);
export type ProposalKind = ProposalRequest['kind'];

/** How long the id of a proposal is; time-sortable, `[0-9a-z]`. */
export const proposalId = z.string().regex(/^[0-9a-z]{16,32}$/);

/** SHA-256 of a proposal, see `proposalDigest`. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** A proposal as it is stored: immutable from its arrival on. */
export const proposalSchema = z.strictObject({
  id: proposalId,
  bottle: text(128),
  sidecar: z.enum(['egress', 'git-gate', 'supervise']),
  arrived: z.iso.datetime().describe('UTC, milliseconds'),
  request: proposalRequestSchema,
});
export type Proposal = z.infer<typeof proposalSchema>;

export const outcomes = ['approved', 'modified', 'rejected', 'abandoned'] as const;
export type Outcome = (typeof outcomes)[number];

/** Longest reason of a decision, in UTF-16 units. */
export const MAX_REASON = 4096;

/** How a proposal ended; written once, after the decision was applied. */
export const responseSchema = z.strictObject({
  id: proposalId,
  outcome: z.enum(outcomes),
  reason: text(MAX_REASON).describe('what the human gave, or why it was abandoned'),
  decided: z.iso.datetime(),
  by: text(128).nullable().describe('who decided, as he says himself; null: nobody did'),
  /** digest of the proposal that was displayed */
  digest: digestSchema,
  applied: text(1024).nullable().describe('what was done, null when nothing was'),
  grant: grantSchema.nullable().default(null).describe('reach that was given, null: none'),
  dockerfile: dockerfileSchema
    .nullable()
    .default(null)
    .describe('Dockerfile that was taken instead of the one that was asked for, null: none'),
});
export type Response = z.infer<typeof responseSchema>;

/** What the sidecar that applies a decision is told. */
export const decisionSchema = z.strictObject({
  proposal: proposalId,
  outcome: z.enum(['approved', 'rejected', 'abandoned']),
  reason: text(MAX_REASON),
});
export type Decision = z.infer<typeof decisionSchema>;

/** What the sidecar gets at once for a proposal that was taken. */
export const queuedSchema = z.strictObject({ id: proposalId });
export type Queued = z.infer<typeof queuedSchema>;
