import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';

/** The sub-commands of `supervise`: names, options and help; what they do is loaded when they are typed. */
export function addSuperviseCommands(
  supervise: Command,
  context: CommandContext,
  setExitCode: (code: number) => void,
): void {
  supervise.addHelpText(
    'after',
    `
Examples:
  bot-bottle supervise list                              what waits for an answer
  bot-bottle supervise show 0mgj2k8x                     all of it, with its risks and its digest
  bot-bottle supervise approve 0mgj2k8x --reason 'a key of the test suite'
  bot-bottle supervise reject 0mgj2k8x --reason 'not on main'`,
  );
  const command = (name: string, description: string): Command =>
    supervise
      .command(name)
      .description(description)
      .allowExcessArguments(false)
      .option('--bottle <slug>', 'only of this bottle, or of those whose identity starts so')
      .option('--json', 'print JSON')
      .option('-q, --quiet', 'print results, warnings and errors only')
      .option('-v, --verbose', 'print what is being done, and where errors come from');
  command('list', 'list what waits for an answer')
    .option('--all', 'answered ones too')
    .action(async (options: object) => {
      const { superviseList } = await import('../commands/supervise.ts');
      setExitCode(await superviseList(context, options));
    });
  command('show', 'show a proposal with its risks and its digest')
    .argument('<id>', 'id of the proposal, or the start of it')
    .action(async (id: string, options: object) => {
      const { superviseShow } = await import('../commands/supervise.ts');
      setExitCode(await superviseShow(context, id, options));
    });
  for (const [name, outcome, description] of [
    ['approve', 'approved', 'let it happen, and wait until it has'],
    ['reject', 'rejected', 'refuse it'],
  ] as const) {
    command(name, description)
      .argument('<id>', 'id of the proposal, or the start of it')
      .option('--reason <text>', 'why; needed to approve what looks like a secret')
      .option('--digest <hash>', 'only if it still is what `show` printed with this digest')
      .addHelpText('after', `\nExample:\n  bot-bottle supervise ${name} 0mgj2k8x --reason 'I looked at it'`)
      .action(async (id: string, options: object) => {
        const { superviseDecide } = await import('../commands/supervise.ts');
        setExitCode(await superviseDecide(context, id, outcome, options));
      });
  }
}
