import {
  egressRisks,
  grantText,
  needsReason,
  renderProposal,
  type Grant,
  type Response,
} from '@bot-bottle/supervise';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { decideProposal, expectShown } from '../supervise/decide-proposal.ts';
import { ownerOf } from '../supervise/decidable.ts';
import { findProposal } from '../supervise/find-proposals.ts';
import { grantFrom } from '../supervise/grant-from-options.ts';
import { withRoutes, type ShownProposal } from '../supervise/shown-proposal.ts';
import { superviseOptions, type SuperviseOptions } from '../supervise/supervise-options.ts';
import { askLine } from '../terminal/prompts.ts';

/**
 * `supervise approve|reject <id>`: shows the proposal and the routes that it would change, decides it by the digests of
 * what it showed, and waits. `--json` prints the response; with `--save` also `saved`, the file.
 */
export async function superviseDecide(
  context: CommandContext,
  id: string,
  outcome: 'approved' | 'rejected',
  given: object,
): Promise<number> {
  const options = superviseOptions(given);
  const { printer } = context;
  // Reach can be refused without knowing the routes, not given.
  const onProblem = outcome === 'rejected' ? (problem: string) => printer.warning(problem) : undefined;
  const shown = await showProposal(context, id, options, onProblem);
  const grant = outcome === 'approved' ? grantFrom(shown, options) : null;
  // Also with --quiet: what is decided is what was shown.
  for (const line of renderProposal(shown.proposal, shown.context)) printer.asked(line);
  if (grant !== null) showGrant(context, shown, grant);
  const saving = grant === null || !options.save ? null : await prepareSave(context, shown, grant, options);
  const reason = await reasonFor(shown, outcome, options);
  const response = await decideProposal(context, shown, { outcome, reason, grant });
  if (saving === null) {
    printResponse(context, response, options);
    return 0;
  }
  // What holds is told before what may fail.
  if (!options.json) printResponse(context, response, options);
  try {
    const file = await saving();
    if (options.json) printer.json({ ...response, saved: file });
    else printer.result(`saved to ${file}`);
    return 0;
  } catch (error) {
    if (options.json) printer.json({ ...response, saved: null });
    throw error;
  }
}

/** The proposal that is about to be decided, with the routes that it would change. @throws CliError */
export async function showProposal(
  context: CommandContext,
  id: string,
  options: SuperviseOptions,
  onProblem?: (problem: string) => void,
): Promise<ShownProposal> {
  const found = await findProposal(context, id, options);
  ownerOf(found);
  const [shown] = await withRoutes([found], onProblem);
  if (shown === undefined) throw new CliError('not_found', `there is no proposal ${id}`);
  expectShown(shown, options);
  return shown;
}

/** What will be given instead of what is asked, with its risks. */
export function showGrant({ printer }: CommandContext, { view }: ShownProposal, grant: Grant): void {
  const risks = egressRisks(grant, view?.table ?? null);
  printer.asked(`gives     ${grantText(grant)}`);
  for (const [index, risk] of risks.entries())
    printer.asked(`${(index === 0 ? 'risk' : '').padEnd(10)}${risk}`);
}

export function printResponse(
  { printer }: CommandContext,
  response: Response,
  { json }: Pick<SuperviseOptions, 'json'>,
): void {
  const { applied } = response;
  if (json) printer.json(response);
  else printer.result(`${response.outcome} ${response.id}${applied === null ? '' : `: ${applied}`}`);
}

async function prepareSave(
  context: CommandContext,
  shown: ShownProposal,
  grant: Grant,
  { yes }: SuperviseOptions,
): Promise<() => Promise<string>> {
  const { planSave } = await import('../supervise/save-reach.ts');
  return await planSave(context, shown, grant, { yes });
}

async function reasonFor(
  { proposal }: ShownProposal,
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
