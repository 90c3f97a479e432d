import { tableDigest } from '@bot-bottle/egress';
import { needsReason, proposalTitle, renderProposal } from '@bot-bottle/supervise';
import type { CommandContext } from '../command-context.ts';
import { renderTable } from '../output/table.ts';
import { findProposal, findProposals } from '../supervise/find-proposals.ts';
import { groupProposals } from '../supervise/group-proposals.ts';
import { endReason, summaryOf } from '../supervise/proposal-summary.ts';
import { withRoutes, type ShownProposal } from '../supervise/shown-proposal.ts';
import { superviseOptions } from '../supervise/supervise-options.ts';

/**
 * `supervise list`: what waits for an answer, by arrival over all bottles. Those that ask for the same are one line;
 * `--json` prints a list of `ProposalSummary`, each proposal by itself.
 */
export async function superviseList(context: CommandContext, given: object): Promise<number> {
  const { json, all, bottle } = superviseOptions(given);
  const { printer } = context;
  const found = (await findProposals(context, { bottle })).filter(({ response }) => all || response === null);
  if (json) {
    const shown = await withRoutes(found, (problem) => printer.warning(problem));
    printer.json(shown.map(summaryOf));
  } else if (found.length === 0) printer.note('no proposal waits for an answer');
  else {
    const rows = groupProposals(found).map((group) => {
      const [{ proposal, state }] = group;
      const bottles = new Set(group.map((each) => each.proposal.bottle)).size;
      return [
        group.length === 1 ? proposal.id : `${proposal.id} and ${group.length - 1} more`,
        bottles === 1 ? proposal.bottle : `${bottles} bottles`,
        proposal.request.kind,
        state,
        proposal.arrived,
        proposalTitle(proposal.request),
        ...(all ? [endReason(group[0]) ?? ''] : []),
      ];
    });
    const headings = ['ID', 'BOTTLE', 'KIND', 'STATE', 'ARRIVED', 'ASKS', ...(all ? ['REASON'] : [])];
    printer.result(renderTable(headings, rows));
    if (rows.length < found.length) printer.note('\nbot-bottle supervise list --json shows each id');
  }
  return 0;
}

/** `supervise show <id>`: all of a proposal, its risks as the routes are now, its digests and how to answer. */
export async function superviseShow(context: CommandContext, id: string, given: object): Promise<number> {
  const options = superviseOptions(given);
  const { printer } = context;
  const found = await findProposal(context, id, options);
  for (const shown of await withRoutes([found], (problem) => printer.warning(problem))) {
    if (options.json) printer.json(jsonOf(shown));
    else showWhole(context, shown);
  }
  return 0;
}

/** With `--json` a `ProposalSummary` and the whole of it; `table`: digest of the routes, null: it changes none. */
const jsonOf = (shown: ShownProposal): object => ({
  ...summaryOf(shown),
  deciding: shown.deciding,
  response: shown.response,
  proposal: shown.proposal,
  table: shown.view === null ? null : tableDigest(shown.view.table),
});

function showWhole({ printer }: CommandContext, shown: ShownProposal): void {
  const { proposal, digest, state, deciding, view } = shown;
  const reason = endReason(shown);
  const who = deciding === null ? '' : ` by ${deciding.by} since ${deciding.since}`;
  printer.result(
    [
      ...renderProposal(proposal, shown.context),
      `state     ${state}${who}${reason === null ? '' : `: ${reason}`}`,
      `digest    ${digest}`,
      ...(view === null ? [] : [`table     ${tableDigest(view.table)}`]),
    ].join('\n'),
  );
  if (state !== 'open') return;
  const call = `bot-bottle supervise`;
  const asksWhy = needsReason(proposal.request) ? ' --reason TEXT' : '';
  const isModifiable = ['egress-block', 'capability-block'].includes(proposal.request.kind);
  const modify = isModifiable ? [`${call} modify ${proposal.id}`] : [];
  printer.note(
    ['', `${call} approve ${proposal.id}${asksWhy}`, ...modify, `${call} reject ${proposal.id}`].join('\n'),
  );
}
