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
const bottleCommands = new Set(['exec', 'attach', 'stop', 'audit', 'routes', 'cp', 'diff', 'logs']);
const stateCommands = new Set(['resume']);
const fixed: Readonly<Record<string, readonly string[]>> = {
  list: ['active', 'agents', 'bottles', 'preserved'],
  schema: ['bottle', 'agent'],
  completion: ['bash', 'zsh', 'fish'],
  routes: ['edit'],
};
const proposalCommands = new Set(['supervise']);

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
  const all = [command, ...command.commands].flatMap(({ options }) => options);
  const described = new Map(all.map(({ long, description }) => [long ?? '', description]));
  return {
    name,
    description: command.description(),
    options: [...described].flatMap(([long, description]) =>
      long === '' ? [] : [{ name: long, description }],
    ),
    words: fixed[name] ?? command.commands.map((each) => each.name()),
    names: namesOf(name),
  };
}

function namesOf(command: string): CompletedCommand['names'] {
  if (agentCommands.has(command)) return 'agents';
  if (proposalCommands.has(command)) return 'proposals';
  if (stateCommands.has(command)) return 'preserved';
  return bottleCommands.has(command) ? 'active' : null;
}
