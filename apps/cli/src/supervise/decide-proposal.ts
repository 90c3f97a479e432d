import { ControlClient } from '@bot-bottle/backend';
import { tableDigest } from '@bot-bottle/egress';
import { proposalDifferences, SuperviseError, type Grant, type Response } from '@bot-bottle/supervise';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { routesDifferences } from '../routes/routes-differences.ts';
import { ownerOf } from './decidable.ts';
import { findProposal } from './find-proposals.ts';
import type { ShownProposal } from './shown-proposal.ts';
import type { SuperviseOptions } from './supervise-options.ts';
import { whoDecides } from './who-decides.ts';

/** Refuses to go on when what is there is not what `--digest` and `--table` name. @throws CliError `refused`, `usage` */
export function expectShown({ proposal, digest, view }: ShownProposal, options: SuperviseOptions): void {
  const hint = `bot-bottle supervise show ${proposal.id}`;
  if (options.digest !== null && !digest.startsWith(options.digest)) {
    throw new CliError('refused', `${proposal.id} has another digest, ${digest}: nothing was decided`, {
      hint,
    });
  }
  if (options.table === null) return;
  if (view === null)
    throw new CliError('usage', `--table is for egress-block: ${proposal.id} changes no routes`);
  const now = tableDigest(view.table);
  if (!now.startsWith(options.table)) {
    throw new CliError('refused', `the routes have another digest, ${now}: nothing was decided`, { hint });
  }
}

/**
 * Decides a proposal by the digests of what was shown, proposal and routes, and waits until that is applied. What
 * changed meanwhile is told, and nothing is decided then.
 *
 * @throws SuperviseError, OwnerError
 */
export async function decideProposal(
  context: CommandContext,
  shown: ShownProposal,
  decision: {
    readonly outcome: 'approved' | 'rejected';
    readonly reason: string;
    readonly grant: Grant | null;
    /** Dockerfile that is taken instead of the one that was asked for; absent: as asked for */
    readonly dockerfile?: string;
  },
): Promise<Response> {
  const { proposal, digest, view } = shown;
  const owner = ownerOf(shown);
  const applying = setTimeout(() => {
    context.printer.note('it is being applied; ending this command does not take the decision back');
  }, 1000);
  try {
    return await new ControlClient(owner.socketPath).decide({
      id: proposal.id,
      digest,
      table: view === null || decision.outcome === 'rejected' ? null : tableDigest(view.table),
      by: whoDecides(),
      ...decision,
    });
  } catch (error) {
    if (SuperviseError.isInstance(error) && error.code === 'changed') await showChange(context, shown);
    throw error;
  } finally {
    clearTimeout(applying);
  }
}

async function showChange(context: CommandContext, shown: ShownProposal): Promise<void> {
  const { id, bottle } = shown.proposal;
  const now = await findProposal(context, id, { bottle }).catch(() => null);
  if (now !== null) {
    for (const line of proposalDifferences(shown.proposal, now.proposal)) context.printer.warning(line);
  }
  if (shown.view === null || shown.owner === null) return;
  const routes = await new ControlClient(shown.owner.socketPath).routes().catch(() => null);
  if (routes === null) return;
  for (const line of routesDifferences(shown.view.table, routes.table))
    context.printer.warning(`routes: ${line}`);
}
