import { z } from 'zod';
import { grantSchema } from './kinds/egress-schema.ts';
import { outcomes, proposalId } from './proposal.ts';
import { text } from './text.ts';

/** Longest wait for the end of a proposal in one query, in milliseconds. */
export const MAX_QUERY_WAIT_MS = 300_000;

/** What the supervise sidecar may want to know; hostile until this has accepted it. */
export const superviseQuerySchema = z.discriminatedUnion('query', [
  z.strictObject({ query: z.literal('routes') }),
  z.strictObject({
    query: z.literal('proposal'),
    id: proposalId,
    wait_ms: z.int().nonnegative().max(MAX_QUERY_WAIT_MS).describe('how long to wait while it is pending'),
  }),
]);
export type SuperviseQuery = z.infer<typeof superviseQuerySchema>;

/** How a proposal stands, as the one who asked may know it. */
export const proposalStatusSchema = z.strictObject({
  id: proposalId,
  status: z.enum(['pending', ...outcomes]),
  notes: text(4096).describe('what the human said'),
  applied: text(1024).nullable(),
  grant: grantSchema.nullable(),
});
export type ProposalStatus = z.infer<typeof proposalStatusSchema>;
