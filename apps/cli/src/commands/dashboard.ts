import { visibleLine } from '@bot-bottle/audit';
import { botBottleHome, enumerateActive, runtimeDir, type BottleStatus } from '@bot-bottle/backend';
import { needsReason } from '@bot-bottle/supervise';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { duration } from '../output/duration.ts';
import { findProposals } from '../supervise/find-proposals.ts';
import { summaryOf, type ProposalSummary } from '../supervise/proposal-summary.ts';
import { withRoutes, type ShownProposal } from '../supervise/shown-proposal.ts';

const optionsSchema = z.object({ once: z.boolean().default(false), json: z.boolean().default(false) });

/** What `dashboard --once --json` prints. */
export interface DashboardJson {
  /** running bottles, by start */
  readonly bottles: readonly BottleStatus[];
  /** what waits for an answer, by arrival */
  readonly proposals: ReadonlyArray<
    ProposalSummary & {
      readonly age_seconds: number;
      /** command that answers, null: nobody can */
      readonly answer: string | null;
    }
  >;
}

/** `dashboard --once`: the bottles that run and all that waits for an answer. */
export async function dashboard(context: CommandContext, given: object): Promise<number> {
  const { once, json } = optionsSchema.parse(given);
  const { io, printer } = context;
  if (!once) {
    throw new CliError('usage', 'the interactive dashboard is not in this version', {
      hint: 'bot-bottle dashboard --once prints what waits for an answer',
    });
  }
  const { bottles } = await enumerateActive({ runtimeDir: runtimeDir(io.env), home: botBottleHome(io.env) });
  const waiting = (await findProposals(context, { bottle: null })).filter(
    ({ response }) => response === null,
  );
  const shown = await withRoutes(waiting, (problem) => printer.warning(problem));
  const proposals = shown.map((each) => ({
    ...summaryOf(each),
    age_seconds: ageOf(each),
    answer: answerTo(each),
  }));
  const found: DashboardJson = {
    bottles: bottles.map(({ socketPath: _path, ...status }) => status),
    proposals,
  };
  if (json) printer.json(found);
  else
    printer.result(
      [...found.bottles.map(bottleLine), ...proposals.flatMap(proposalLines)].join('\n') || nothing,
    );
  return 0;
}

const nothing = 'no bottle is running, and nothing waits for an answer';

const ageOf = ({ proposal }: ShownProposal): number =>
  Math.max(0, Math.round((Date.now() - Date.parse(proposal.arrived)) / 1000));

function answerTo({ proposal, owner }: ShownProposal): string | null {
  if (owner === null) return null;
  const reason = needsReason(proposal.request) ? ' --reason TEXT' : '';
  return `bot-bottle supervise approve ${proposal.id}${reason}`;
}

function bottleLine({ identity, agent, bottle, backend, state, label }: BottleStatus): string {
  const name = label === null ? '' : ` (${label})`;
  return visibleLine(`${identity}${name}  ${state}  agent ${agent}, bottle ${bottle}, on ${backend}`);
}

function proposalLines(proposal: DashboardJson['proposals'][number]): string[] {
  const { id, bottle, kind, state, age_seconds: age, asks, risks, answer } = proposal;
  return [
    '',
    visibleLine(`${id}  ${bottle}  ${kind}  ${state === 'open' ? `for ${duration(age)}` : state}`),
    `  ${asks}`,
    ...risks.map((risk) => `  risk: ${risk}`),
    ...(answer === null ? [] : [`  ${answer}`]),
  ];
}
