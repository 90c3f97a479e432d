import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';

type SetExitCode = (code: number) => void;
type Make = (name: string, description: string) => Command;

/** `cp`, `diff` and `logs`: names, options and help; what they do is loaded when they are typed. */
export function addCopyCommands(command: Make, context: CommandContext, setExitCode: SetExitCode): void {
  command('cp', 'copy a file or folder out of a running bottle, and say what of it could execute here')
    .usage('<slug>:PATH DEST [options]')
    .argument('<from>', 'bottle and path in it; a relative path starts at the workspace, else at its home')
    .argument('<dest>', 'an existing folder to put it in, or the new name')
    .option('--force', 'overwrite files that are there')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Links that lead out, pipes, devices, setuid bits and owners are not copied.

Examples:
  bot-bottle cp reviewer-x7k2p:report.md .
  bot-bottle cp reviewer-x7k2p:/home/node/workspace ./result --json`,
    )
    .action(async (from: string, destination: string, options: object) => {
      const { cp } = await import('../commands/cp.ts');
      setExitCode(await cp(context, from, destination, options));
    });
}
