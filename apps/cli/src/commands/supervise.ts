import { userInfo } from 'node:os';
import { ControlClient } from '@bot-bottle/backend';
import {
  needsReason,
  proposalDifferences,
  proposalTitle,
  renderProposal,
  riskSummary,
  SuperviseError,
  type Response,
} from '@bot-bottle/supervise';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { renderTable } from '../output/table.ts';
import { findProposal, findProposals } from '../supervise/find-proposals.ts';
import type { FoundProposal } from '../supervise/found-proposal.ts';
import { superviseOptions, type SuperviseOptions } from '../supervise/supervise-options.ts';
import { askLine } from '../terminal/prompts.ts';

/** `supervise list`: what waits for an answer, by arrival over all bottles. */
export async function superviseList(context: CommandContext, given: object): Promise<number> {
  const { json, all, bottle } = superviseOptions(given);
  const { printer } = context;
  const found = (await findProposals(context, { bottle })).filter(({ response }) => all || response === null);
  if (json) printer.json(found.map(summaryOf));
  else if (found.length === 0) printer.note('no proposal waits for an answer');
  else {
    const rows = found.map(({ proposal, state }) => [
      proposal.id,
      proposal.bottle,
      proposal.request.kind,
      state,
      proposal.arrived,
      proposalTitle(proposal.request),
    ]);
    printer.result(renderTable(['ID', 'BOTTLE', 'KIND', 'STATE', 'ARRIVED', 'ASKS'], rows));
  }
  return 0;
}

/** `supervise show <id>`: all of a proposal, its risks, its digest and how to answer. */
export async function superviseShow(context: CommandContext, id: string, given: object): Promise<number> {
  const options = superviseOptions(given);
  const { printer } = context;
  const found = await findProposal(context, id, options);
  const { proposal, digest, state, deciding, response } = found;
  if (options.json) {
    printer.json({ ...summaryOf(found), deciding, response, proposal });
    return 0;
  }
  const ended = response === null ? '' : `: ${response.reason}`;
  const who = deciding === null ? '' : ` by ${deciding.by} since ${deciding.since}`;
  printer.result(
    [...renderProposal(proposal), `state     ${state}${who}${ended}`, `digest    ${digest}`].join('\n'),
  );
  if (state === 'open') {
    const reason = needsReason(proposal.request) ? ' --reason TEXT' : '';
    printer.note(
      `\nbot-bottle supervise approve ${proposal.id}${reason}\nbot-bottle supervise reject ${proposal.id}`,
    );
  }
  return 0;
}

/** `supervise approve|reject <id>`: shows the proposal, decides it by the digest of what it showed, and waits. */
export async function superviseDecide(
  context: CommandContext,
  id: string,
  outcome: 'approved' | 'rejected',
  given: object,
): Promise<number> {
  const options = superviseOptions(given);
  const { printer } = context;
  const found = await findProposal(context, id, options);
  const { proposal, digest, owner } = found;
  if (owner === null) throw undecidable(found);
  if (options.digest !== null && !digest.startsWith(options.digest)) {
    throw new CliError('refused', `${proposal.id} has another digest, ${digest}: nothing was decided`, {
      hint: `bot-bottle supervise show ${proposal.id}`,
    });
  }
  for (const line of renderProposal(proposal)) printer.note(line);
  const reason = await reasonFor(found, outcome, options);
  const applying = setTimeout(() => {
    printer.note('it is being applied; ending this command does not take the decision back');
  }, 1000);
  let response: Response;
  try {
    const by = whoDecides();
    response = await new ControlClient(owner.socketPath).decide({
      id: proposal.id,
      digest,
      outcome,
      reason,
      by,
    });
  } catch (error) {
    if (SuperviseError.isInstance(error) && error.code === 'changed') await showChange(context, found);
    throw error;
  } finally {
    clearTimeout(applying);
  }
  if (options.json) printer.json(response);
  else printer.result(`${response.outcome} ${response.id}`);
  return 0;
}

/** The stable form of a proposal in `--json`. */
const summaryOf = ({ proposal, digest, state }: FoundProposal): object => ({
  id: proposal.id,
  bottle: proposal.bottle,
  sidecar: proposal.sidecar,
  kind: proposal.request.kind,
  state,
  arrived: proposal.arrived,
  asks: proposalTitle(proposal.request),
  risks: riskSummary(proposal.request),
  digest,
});

function undecidable({ proposal, state, response }: FoundProposal): CliError {
  if (response !== null) {
    const who = response.by === null ? '' : ` by ${response.by}`;
    return new CliError('refused', `${proposal.id} was ${state} already${who} at ${response.decided}`);
  }
  return state === 'unreachable'
    ? new CliError('failed', `the owner of ${proposal.bottle} does not answer`)
    : new CliError('refused', `${proposal.id} is abandoned: ${proposal.bottle} is not running any more`);
}

async function reasonFor(
  { proposal }: FoundProposal,
  outcome: 'approved' | 'rejected',
  { reason, json }: SuperviseOptions,
): Promise<string> {
  if (outcome === 'rejected' || !needsReason(proposal.request)) return reason ?? '';
  const asks = reason === null && !json;
  const given = asks ? await askLine('Why may it leave the bottle?') : reason;
  if (given !== null && given.trim() !== '') return given.slice(0, 4096);
  throw new CliError('usage', `approving ${proposal.request.kind} needs a reason`, {
    hint: `bot-bottle supervise approve ${proposal.id} --reason TEXT`,
  });
}

async function showChange(context: CommandContext, shown: FoundProposal): Promise<void> {
  const { id, bottle } = shown.proposal;
  const now = await findProposal(context, id, { bottle }).catch(() => null);
  if (now === null) return;
  for (const line of proposalDifferences(shown.proposal, now.proposal)) context.printer.warning(line);
}

/** The operator as he is known to the system; only for the record. */
function whoDecides(): string {
  let name: string;
  try {
    name = userInfo().username;
  } catch {
    name = `user ${process.getuid?.() ?? 'unknown'}`;
  }
  return `${name.slice(0, 64)} (process ${process.pid})`;
}
