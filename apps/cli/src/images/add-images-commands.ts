import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';

type SetExitCode = (code: number) => void;
type Make = (name: string, description: string) => Command;

/** The sub-commands of `images`: names, options and help; what they do is loaded when they are typed. */
export function addImagesCommands(images: Command, context: CommandContext, setExitCode: SetExitCode): void {
  images.addHelpText(
    'after',
    `
Examples:
  bot-bottle images build                  what the bottles of this home need, before a launch does it
  bot-bottle images list                   what the Docker engine has of ours
  bot-bottle images prune                  remove what no launch takes any more, after one question`,
  );
  const command: Make = (name, description) =>
    images
      .command(name)
      .description(description)
      .allowExcessArguments(false)
      .option('--json', 'print JSON')
      .option('-q, --quiet', 'print results, warnings and errors only')
      .option('-v, --verbose', 'print what is being done, and where errors come from');
  command('build', 'build what launches on Docker would build')
    .argument(
      '[name...]',
      'images, e.g. sidecar-egress or agent-claude, or bottles with a Dockerfile of their own',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  bot-bottle images build\n  bot-bottle images build agent-claude sidecar-git-gate --json',
    )
    .action(async (names: string[], options: object) => {
      const { imagesBuild } = await import('../commands/images-build.ts');
      setExitCode(await imagesBuild(context, names, options));
    });
  command(
    'list',
    'list our images on the engine: size, age, whether launches take them, whether they are in use',
  )
    .addHelpText('after', '\nExample:\n  bot-bottle images list --json')
    .action(async (options: object) => {
      const { imagesList } = await import('../commands/images-list.ts');
      setExitCode(await imagesList(context, options));
    });
  command(
    'prune',
    'remove our images that no launch takes and no container uses, and the idle shared network',
  )
    .option('-y, --yes', 'do not ask for confirmation')
    .addHelpText(
      'after',
      `
Ours is what has our label and the name that goes with it. What is removed is built again when a bottle needs it.

Examples:
  bot-bottle images prune
  bot-bottle images prune --yes --json`,
    )
    .action(async (options: object) => {
      const { imagesPrune } = await import('../commands/images-prune.ts');
      setExitCode(await imagesPrune(context, options));
    });
}
