import { setTimeout as pause } from 'node:timers/promises';
import { ControlClient, controlSocketPath } from '@bot-bottle/backend';
import { tableDigest } from '@bot-bottle/egress';
import { proposalDigest, renderProposal, type Grant } from '@bot-bottle/supervise';

/** Minutes of the demo's grant: long enough for a slow machine, short enough to wait for its end. */
const GRANT_MINUTES = 5 / 60;
const LOOK_MS = 100;

/** What the operator of the demo saw and did. */
export interface OperatorFacts {
  /** the proposal as a human is shown it; '' when none came */
  readonly shown: string;
  readonly outcome: string;
  readonly applied: string;
}

/**
 * Plays the human: outside of the bottle, over the owner's control socket as the CLI does it, waits for the one
 * proposal of the demo and approves it for a few seconds. Resolves when `signal` aborts, at the latest.
 */
export async function playOperator(
  runtimeDir: string,
  identity: string,
  signal: AbortSignal,
): Promise<OperatorFacts> {
  const client = new ControlClient(controlSocketPath(runtimeDir, identity));
  while (!signal.aborted) {
    const [open] = await client.proposals();
    if (open?.proposal.request.kind === 'egress-block') {
      const { proposal } = open;
      const { kind: _kind, justification: _why, minutes: _asked, ...reach } = open.proposal.request;
      const { table } = await client.routes();
      const shown = renderProposal(proposal, { table }).join('\n');
      const grant: Grant = { ...reach, minutes: GRANT_MINUTES, inject: false };
      const response = await client.decide({
        id: proposal.id,
        digest: proposalDigest(proposal),
        table: tableDigest(table),
        outcome: 'approved',
        reason: 'once, for the demo',
        by: 'the operator of the demo',
        grant,
      });
      return { shown, outcome: response.outcome, applied: response.applied ?? '' };
    }
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return { shown: '', outcome: 'nothing was asked', applied: '' };
}
