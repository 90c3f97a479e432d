import { visibleLine, visibleText } from '@bot-bottle/audit';
import { proposalStatusSchema } from '@bot-bottle/supervise';
import type { ProposalStatus } from '@bot-bottle/supervise';
import { z } from 'zod';
import { ToolFailure } from '../tool-failure.ts';
import type { ToolContent, ToolContext } from './tool.ts';

/** Longest wait of one `check-proposal`, in seconds: common clients give up after 60. */
export const MAX_CHECK_SECONDS = 50;

const { shape } = proposalStatusSchema;

/** What both tools about proposals answer. */
export const proposalResultSchema = z.strictObject({
  status: shape.status.describe(
    'approved: as asked for; modified: something else was granted, see `grant`; rejected: it is not; pending: nobody has answered; abandoned: nobody can answer any more',
  ),
  id: z.string(),
  notes: z.string().describe('what the human said'),
  applied: z.string().nullable().describe('what was done'),
  grant: shape.grant.describe('reach that was given, null: none'),
  waited_seconds: z.number().optional().describe('how long this call waited'),
  message: z.string().describe('what this means and what to do next'),
  next: z
    .strictObject({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) })
    .nullable()
    .describe('tool call that tells more, null when there is none'),
});

/**
 * Waits for the end of a proposal, at most `waitMs`, and without waiting when too many do already.
 *
 * @throws ToolFailure `unknown_proposal`
 */
export async function proposalResult(id: string, waitMs: number, context: ToolContext): Promise<ToolContent> {
  const { backend, waiting, signal, offered } = context;
  const began = performance.now();
  const free = waitMs > 0 ? waiting.take() : null;
  try {
    const status = await backend.status(id, free === null ? 0 : waitMs, signal);
    if (status === null) throw new ToolFailure('unknown_proposal', 'this bottle has no such proposal');
    const waited = Math.round((performance.now() - began) / 100) / 10;
    return resultOf(status, waited, offered.has('check-proposal'));
  } finally {
    free?.();
  }
}

/** @param canCheck whether `check-proposal` is offered */
export function resultOf(status: ProposalStatus, waitedSeconds: number, canCheck: boolean): ToolContent {
  const { id, grant } = status;
  const isPending = status.status === 'pending';
  const next = { tool: 'check-proposal', arguments: { id, wait_seconds: MAX_CHECK_SECONDS } };
  return {
    status: status.status,
    id,
    notes: visibleText(status.notes, 4096),
    applied: status.applied === null ? null : visibleLine(status.applied, 1024),
    grant,
    ...(isPending ? { waited_seconds: waitedSeconds } : {}),
    message: status.status === 'pending' ? pendingText(waitedSeconds, canCheck) : endTexts[status.status],
    next: isPending && canCheck ? next : null,
  };
}

const endTexts: Readonly<Record<Exclude<ProposalStatus['status'], 'pending'>, string>> = {
  approved: 'A human approved it, see `applied`: try again what was refused.',
  modified: 'A human approved something else than you asked for: see `applied` and `grant`.',
  rejected: 'A human rejected it: read `notes`, do without it, and do not ask for the same again.',
  abandoned: 'Nobody can answer this proposal any more; nothing was changed.',
};

function pendingText(waitedSeconds: number, canCheck: boolean): string {
  const what = `No human has answered yet; this call waited ${waitedSeconds} s. The proposal stays queued.`;
  return canCheck
    ? `${what} Do something else meanwhile, and call check-proposal with this id later.`
    : `${what} Do something else meanwhile.`;
}
