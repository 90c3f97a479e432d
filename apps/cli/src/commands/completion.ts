import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import {
  bashCompletion,
  fishCompletion,
  zshCompletion,
  type CompletedCommand,
} from '../output/completion-scripts.ts';

/** Commands whose first argument is an agent, or a running bottle. */
const agentCommands = new Set(['start', 'run', 'info']);
const bottleCommands = new Set(['exec', 'attach', 'stop', 'audit']);
const fixed: Readonly<Record<string, readonly string[]>> = {
  list: ['active', 'agents', 'bottles', 'preserved'],
  schema: ['bottle', 'agent'],
  completion: ['bash', 'zsh', 'fish'],
};

/** `completion <shell>`: a script made from the commands themselves. */
export function completion({ io }: CommandContext, shell: 'bash' | 'zsh' | 'fish', program: Command): number {
  const commands = program
    .createHelp()
    .visibleCommands(program)
    .filter((each) => each.name() !== 'help')
    .map(describe);
  const render = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell];
  io.stdout.write(render(commands));
  return 0;
}

function describe(command: Command): CompletedCommand {
  const name = command.name();
  return {
    name,
    description: command.description(),
    options: command.options.flatMap(({ long, description }) =>
      long === null || long === undefined ? [] : [{ name: long, description }],
    ),
    words: fixed[name] ?? [],
    names: agentCommands.has(name) ? 'agents' : bottleCommands.has(name) ? 'active' : null,
  };
}
