import { parseGrant } from '@bot-bottle/manifest';
import { lentCredential, MAX_GRANT_MINUTES, renderProposal, type Grant } from '@bot-bottle/supervise';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { editText } from '../editor/edit-text.ts';
import { decideProposal } from '../supervise/decide-proposal.ts';
import { grantDocument, grantOf } from '../supervise/grant-document.ts';
import type { ShownProposal } from '../supervise/shown-proposal.ts';
import { modifyImage } from '../supervise/modify-image.ts';
import { superviseOptions, type SuperviseOptions } from '../supervise/supervise-options.ts';
import { confirm } from '../terminal/prompts.ts';
import { printResponse, showGrant, showProposal } from './supervise-decide.ts';

const nothing = 'nothing was decided';

/** `supervise modify <id>`: gives what the operator makes in his editor of what was asked, reach or an image. `--json`: the response. */
export async function superviseModify(context: CommandContext, id: string, given: object): Promise<number> {
  const options = superviseOptions(given);
  const { printer } = context;
  const shown = await showProposal(context, id, options);
  const { request } = shown.proposal;
  if (request.kind === 'capability-block') return await modifyDockerfile(context, shown, request, options);
  const grant = await edited(context, shown);
  if (grant === null) {
    printer.note(`nothing was changed: ${nothing}`);
    return 0;
  }
  showGrant(context, shown, grant);
  if (!options.yes && !(await confirm('Give this?', '--yes gives it without asking'))) {
    printer.note(nothing);
    return 1;
  }
  const decision = { outcome: 'approved', reason: options.reason ?? '', grant } as const;
  printResponse(context, await decideProposal(context, shown, decision), options);
  return 0;
}

async function modifyDockerfile(
  context: CommandContext,
  shown: ShownProposal,
  request: Parameters<typeof modifyImage>[1],
  options: SuperviseOptions,
): Promise<number> {
  const { printer } = context;
  for (const line of renderProposal(shown.proposal, shown.context)) printer.asked(line);
  const dockerfile = await modifyImage(context, request, nothing);
  if (dockerfile === null) {
    printer.note(`nothing was changed: ${nothing}`);
    return 0;
  }
  if (!options.yes && !(await confirm('Build this and end the bottle?', '--yes does it without asking'))) {
    printer.note(nothing);
    return 1;
  }
  const decision = { outcome: 'approved', reason: options.reason ?? '', grant: null, dockerfile } as const;
  printResponse(context, await decideProposal(context, shown, decision), options);
  return 0;
}

async function edited(context: CommandContext, shown: ShownProposal): Promise<Grant | null> {
  const { proposal, view } = shown;
  const { request } = proposal;
  if (request.kind !== 'egress-block' || view === null) {
    throw new CliError(
      'usage',
      `only egress-block and capability-block can be modified, and this is ${request.kind}`,
      {
        hint: `bot-bottle supervise approve ${proposal.id}`,
      },
    );
  }
  const { host, ports, path_allowlist: paths, methods, minutes } = request;
  const asked: Grant = { host, ports, path_allowlist: paths, methods, minutes, inject: false };
  const hasAuth = (name: string): boolean => lentCredential(name, view.table) !== null;
  return await editText(context, {
    name: 'grant.yml',
    nothing,
    text: grantDocument(asked, about(shown)),
    parse: (text) =>
      grantOf(
        parseGrant({ text, file: 'grant.yml' }, { maxMinutes: MAX_GRANT_MINUTES, hasCredential: hasAuth }),
      ),
  });
}

const about = ({ proposal, context }: ShownProposal): string[] => [
  'What is below will be given instead of what was asked. Leave it as it is to decide nothing.',
  'path_allowlist: [] allows every path, methods: [] every method; minutes: null lasts until the bottle ends.',
  '',
  ...renderProposal(proposal, context),
];
