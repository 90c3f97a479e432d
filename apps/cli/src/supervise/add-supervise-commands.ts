import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';

type SetExitCode = (code: number) => void;
type Make = (name: string, description: string) => Command;

/** The sub-commands of `supervise`: names, options and help; what they do is loaded when they are typed. */
export function addSuperviseCommands(
  supervise: Command,
  context: CommandContext,
  setExitCode: SetExitCode,
): void {
  supervise.addHelpText(
    'after',
    `
Examples:
  bot-bottle supervise list                              what waits for an answer
  bot-bottle supervise show 0mgj2k8x                     all of it, with its risks and its digests
  bot-bottle supervise approve 0mgj2k8x --minutes 30     give the reach for half an hour
  bot-bottle supervise modify 0mgj2k8x                   give less than what was asked
  bot-bottle supervise reject 0mgj2k8x --reason 'not on main'`,
  );
  const command: Make = (name, description) =>
    supervise
      .command(name)
      .description(description)
      .allowExcessArguments(false)
      .option('--bottle <slug>', 'only of this bottle, or of those whose identity starts so')
      .option('--json', 'print JSON')
      .option('-q, --quiet', 'print results, warnings and errors only')
      .option('-v, --verbose', 'print what is being done, and where errors come from');
  command('list', 'list what waits for an answer')
    .option('--all', 'answered and abandoned ones too, with the reason')
    .addHelpText(
      'after',
      '\nExamples:\n  bot-bottle supervise list\n  bot-bottle supervise list --all --json',
    )
    .action(async (options: object) => {
      const { superviseList } = await import('../commands/supervise.ts');
      setExitCode(await superviseList(context, options));
    });
  command('show', 'show a proposal with its risks and its digests')
    .argument('<id>', 'id of the proposal, or the start of it')
    .addHelpText('after', '\nExample:\n  bot-bottle supervise show 0mgj2k8x')
    .action(async (id: string, options: object) => {
      const { superviseShow } = await import('../commands/supervise.ts');
      setExitCode(await superviseShow(context, id, options));
    });
  addDecisions(command, context, setExitCode);
}

function addDecisions(command: Make, context: CommandContext, setExitCode: SetExitCode): void {
  const deciding: Make = (name, description) =>
    command(name, description)
      .argument('<id>', 'id of the proposal, or the start of it')
      .option('--reason <text>', 'why; needed to approve what looks like a secret')
      .option('--digest <hash>', 'only if it still is what `show` printed with this digest')
      .option('--table <hash>', 'only if the routes still are those that `show` printed with this digest');
  deciding('approve', 'let it happen, and wait until it has')
    .option('--minutes <number>', 'reach: for so long instead of what was asked')
    .option('--session', 'reach: until the bottle ends')
    .option('--with-credential', "reach: with the credential of the host's route")
    .option('--save', 'reach: until the bottle ends, and in the bottle file for later launches')
    .option('-y, --yes', 'do not ask before the bottle file is written')
    .addHelpText(
      'after',
      `
Examples:
  bot-bottle supervise approve 0mgj2k8x --minutes 30
  bot-bottle supervise approve 0mgj2k8x --save            shows how the bottle file changes, and asks
  bot-bottle supervise approve 0mgj2k8x --reason 'a key of the test suite'`,
    )
    .action(async (id: string, options: object) => {
      const { superviseDecide } = await import('../commands/supervise-decide.ts');
      setExitCode(await superviseDecide(context, id, 'approved', options));
    });
  deciding('modify', 'give what you make in your editor of the reach or the image that was asked for')
    .option('-y, --yes', 'do not ask for confirmation')
    .addHelpText(
      'after',
      `
The editor is \`editor\` of settings.yml, else $VISUAL, $EDITOR, vi.

Example:
  bot-bottle supervise modify 0mgj2k8x --reason 'read only'`,
    )
    .action(async (id: string, options: object) => {
      const { superviseModify } = await import('../commands/supervise-modify.ts');
      setExitCode(await superviseModify(context, id, options));
    });
  deciding('reject', 'refuse it')
    .addHelpText('after', "\nExample:\n  bot-bottle supervise reject 0mgj2k8x --reason 'I looked at it'")
    .action(async (id: string, options: object) => {
      const { superviseDecide } = await import('../commands/supervise-decide.ts');
      setExitCode(await superviseDecide(context, id, 'rejected', options));
    });
}
