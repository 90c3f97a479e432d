import { InvalidArgumentError, type Command } from 'commander';
import type { CommandContext } from '../command-context.ts';

type SetExitCode = (code: number) => void;
type Make = (name: string, description: string) => Command;

/** `routes` and `dashboard`: names, options and help; what they do is loaded when they are typed. */
export function addRoutesCommands(command: Make, context: CommandContext, setExitCode: SetExitCode): void {
  command('routes', 'show what a running bottle reaches, or edit it')
    .usage('<slug> [edit] [options]')
    .argument('<slug>', 'identity of the bottle, or the start of it')
    .argument('[edit]', 'open the routes in your editor', (value: string) => {
      if (value === 'edit') return value;
      throw new InvalidArgumentError('Allowed: edit.');
    })
    .option('--json', 'print JSON')
    .option('-y, --yes', 'edit: do not ask for confirmation')
    .addHelpText(
      'after',
      `
The editor is \`editor\` of settings.yml, else $VISUAL, $EDITOR, vi. The bottle file is not changed.

Examples:
  bot-bottle routes reviewer-x7k2p
  bot-bottle routes reviewer-x7k2p edit`,
    )
    .action(async (slug: string, edit: string | undefined, options: object) => {
      if (edit === undefined) {
        const { routes } = await import('../commands/routes.ts');
        setExitCode(await routes(context, slug, options));
      } else {
        const { routesEdit } = await import('../commands/routes-edit.ts');
        setExitCode(await routesEdit(context, slug, options));
      }
    });
  command('dashboard', 'print the bottles that run and all that waits for an answer')
    .option('--once', 'print once and stop; the interactive dashboard is not in this version')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  bot-bottle dashboard --once\n  bot-bottle dashboard --once --json')
    .action(async (options: object) => {
      const { dashboard } = await import('../commands/dashboard.ts');
      setExitCode(await dashboard(context, options));
    });
}
