import { proposalId } from '@bot-bottle/supervise';
import { z } from 'zod';
import { MAX_CHECK_SECONDS, proposalResult, proposalResultSchema } from './proposal-result.ts';
import { defineTool } from './tool.ts';

/** How an earlier proposal stands. */
export const checkProposal = defineTool({
  name: 'check-proposal',
  title: 'Check a proposal',
  description:
    'Tells whether a human has answered a proposal that you made earlier, and how. ' +
    'With `wait_seconds` it waits that long for the answer.',
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({
    id: proposalId.describe('the id that the proposal got'),
    wait_seconds: z
      .number()
      .min(0)
      .max(MAX_CHECK_SECONDS)
      .optional()
      .describe('how long to wait for the answer, in seconds; default 0'),
  }),
  output: proposalResultSchema,
  prepare:
    ({ id, wait_seconds: seconds = 0 }) =>
    async (context) =>
      await proposalResult(id, seconds * 1000, context),
});
