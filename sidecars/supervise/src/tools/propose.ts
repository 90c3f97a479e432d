import type { AgentRequest } from '../contracts.ts';
import { ToolFailure } from '../tool-failure.ts';
import { proposalResult, resultOf } from './proposal-result.ts';
import type { ToolContent, ToolContext } from './tool.ts';

/**
 * Puts a request before a human and waits a while for the answer.
 *
 * @throws ToolFailure when it was not taken
 */
export async function propose(request: AgentRequest, context: ToolContext): Promise<ToolContent> {
  const { backend, responseMs, offered } = context;
  const id = await backend.propose(request);
  try {
    return await proposalResult(id, responseMs, context);
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    // It is queued: that must not look like a failure, or the model asks again.
    const pending = { id, status: 'pending', notes: '', applied: null, grant: null } as const;
    return resultOf(pending, 0, offered.has('check-proposal'));
  }
}
