import { visibleLine } from '@bot-bottle/audit';
import type { RouteTable } from '@bot-bottle/egress';
import { z } from 'zod';
import { proposalId, proposalKindSchema, type Proposal } from '../proposal.ts';
import { proposalTitle } from '../render-proposal.ts';
import { riskSummary } from '../risk-summary.ts';
import { text } from '../text.ts';

const MAX_TEXT = 300;
const MAX_RISKS = 16;

/** What a notification command gets on stdin, and a webhook as its body. Every text is visible text and one line. */
export const notificationSchema = z.strictObject({
  version: z.literal(1),
  event: z.literal('proposal'),
  bottle: text(128),
  id: proposalId,
  kind: proposalKindSchema,
  title: text(MAX_TEXT).describe('what is asked'),
  risks: z.array(text(MAX_TEXT)).max(MAX_RISKS).describe('what to think of first, the gravest first'),
  arrived: z.iso.datetime(),
  answer: text(128).describe('command that shows it and tells how to answer'),
  skipped: z.int().nonnegative().describe('earlier proposals that nobody was told of, because too many came'),
});
export type Notification = z.infer<typeof notificationSchema>;

/** @param table routes of the bottle at present, null: not known */
export function notificationOf(proposal: Proposal, table: RouteTable | null): Notification {
  const { id, bottle, arrived, request } = proposal;
  return {
    version: 1,
    event: 'proposal',
    bottle: visibleLine(bottle, 128),
    id,
    kind: request.kind,
    title: visibleLine(proposalTitle(request), MAX_TEXT),
    risks: riskSummary(request, { table })
      .slice(0, MAX_RISKS)
      .map((risk) => visibleLine(risk, MAX_TEXT)),
    arrived,
    answer: `bot-bottle supervise show ${id}`,
    skipped: 0,
  };
}
