import {
  capabilityRisks,
  checkDockerfile,
  dockerfileDiff,
  type ProposalRequest,
} from '@bot-bottle/supervise';
import type { CommandContext } from '../command-context.ts';
import { editText } from '../editor/edit-text.ts';
import { TextProblems } from '../editor/text-problems.ts';

type CapabilityBlock = Extract<ProposalRequest, { kind: 'capability-block' }>;

/**
 * Lets the operator edit the Dockerfile that was asked for, until it obeys the rules, and shows what it changes.
 *
 * @returns null when he left it as it was
 */
export async function modifyImage(
  context: CommandContext,
  request: CapabilityBlock,
  nothing: string,
): Promise<string | null> {
  const { printer } = context;
  const edited = await editText(context, {
    name: 'Dockerfile',
    nothing,
    text: request.dockerfile,
    parse: (text) => {
      const checked = checkDockerfile(text);
      if (!checked.ok) throw new TextProblems(checked.problems.map((problem) => `Dockerfile: ${problem}`));
      return text;
    },
  });
  if (edited === null) return null;
  const risks = capabilityRisks({ ...request, dockerfile: edited });
  const rows = [['builds', dockerfileDiff(request.current ?? '', edited)] as const, ['risk', risks] as const];
  for (const [name, lines] of rows)
    for (const [index, line] of lines.entries())
      printer.asked(`${(index === 0 ? name : '').padEnd(10)}${line}`);
  return edited;
}
