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
  command('diff', 'what the agent changed in its workspace, first what of it could execute here')
    .argument('<slug>', 'identity of the bottle, or the start of it')
    .argument('[path]', 'file or folder of the workspace')
    .option('--patch', 'show the changed lines of text files')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It is compared with the folder that the workspace was copied from, as that is now: A added, M changed, D deleted.

Examples:
  bot-bottle diff reviewer-x7k2p
  bot-bottle diff reviewer-x7k2p --patch src`,
    )
    .action(async (slug: string, path: string | undefined, options: object) => {
      const { diff } = await import('../commands/diff.ts');
      setExitCode(await diff(context, slug, path ?? null, options));
    });
  command('logs', 'what the sidecars of a running or kept bottle wrote')
    .argument('<slug>', 'identity of the bottle, or the start of it')
    .argument('[sidecar]', 'only of this one: egress, git-gate, supervise or owner')
    .option('-f, --follow', 'go on until the bottle ends')
    .option('--json', 'print JSON, one line a line')
    .addHelpText(
      'after',
      '\nExamples:\n  bot-bottle logs reviewer-x7k2p\n  bot-bottle logs reviewer-x7k2p egress --follow',
    )
    .action(async (slug: string, sidecar: string | undefined, options: object) => {
      const { logs } = await import('../commands/logs.ts');
      setExitCode(await logs(context, slug, sidecar ?? null, options));
    });
}
