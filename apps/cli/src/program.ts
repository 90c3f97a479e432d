import { Command, InvalidArgumentError } from 'commander';
import type { CommandContext } from './command-context.ts';
import { addCopyCommands } from './copy/add-copy-commands.ts';
import { addImagesCommands } from './images/add-images-commands.ts';
import { addRoutesCommands } from './routes/add-routes-commands.ts';
import { addSuperviseCommands } from './supervise/add-supervise-commands.ts';

/** Version of this package; a test holds it equal to package.json. */
export const version = '0.1.0';

type SetExitCode = (code: number) => void;

/** The command line: names, options and help only; what a command does is loaded when it is typed. */
export function createProgram(context: CommandContext, setExitCode: SetExitCode): Command {
  const program = new Command('bot-bottle')
    .description('Run any coding agent as if it might be compromised, and lose nothing when it is.')
    .version(version, '--version')
    .option('-q, --quiet', 'print results, warnings and errors only')
    .option('-v, --verbose', 'print what is being done, and where errors come from')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.io.stdout.write(text),
      writeErr: (text) => context.io.stderr.write(text),
      outputError: () => undefined,
    })
    .hook('preAction', () => context.printer.load())
    .showHelpAfterError(false)
    .addHelpText(
      'after',
      `
Examples:
  bot-bottle demo                                 see every control at work; needs no account
  bot-bottle init                                 write a first bottle and agent
  bot-bottle start reviewer --cwd                 start an agent on a copy of this folder
  bot-bottle run reviewer -- npm test             run a command in a fresh bottle
  bot-bottle audit reviewer-x7k2p --follow        watch what it does`,
    );
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .allowExcessArguments(false)
      // Typed after the command too, as people do.
      .option('-q, --quiet', 'print results, warnings and errors only')
      .option('-v, --verbose', 'print what is being done, and where errors come from');
  addLaunchCommands(command, context, setExitCode);
  addRunningCommands(command, context, setExitCode);
  addReportCommands(command, context, setExitCode);
  addSetupCommands(command, context, setExitCode);
  addHiddenCommands(program, context, setExitCode);
  return program;
}

type Make = (name: string, description: string) => Command;

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

function oneOf<T extends string>(allowed: readonly T[]): (value: string) => T {
  return (value) => {
    const found = allowed.find((each) => each === value);
    if (found === undefined) throw new InvalidArgumentError(`Allowed: ${allowed.join(', ')}.`);
    return found;
  };
}

const backends = ['docker', 'bubblewrap', 'smolmachines'] as const;
const demoBackends = ['bubblewrap', 'docker'] as const;

function launchOptions(command: Command): Command {
  return confirmOptions(
    command
      .option('--backend <name>', `what isolates: ${backends.join(', ')}`, oneOf(backends))
      .option('--cwd', 'copy the current folder into the bottle')
      .option('--include <path>', 'copy this file although it is ignored or flagged (repeatable)', collect),
  );
}

function confirmOptions(command: Command): Command {
  return command
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--trust-agent <hash>', 'content hash of a repository agent that you have read')
    .option('--label <text>', 'a name of your own for the bottle')
    .option('--keep', 'keep the state after the end')
    .option('--dry-run', 'print what would happen, and stop')
    .option('--json', 'with --dry-run: as JSON; with --headless: what happens, one JSON event a line');
}

function agentOptions(command: Command): Command {
  return command
    .option('--headless', 'no terminal: give the agent one prompt and print what it says')
    .option('--prompt <text>', 'the prompt of a headless run')
    .option('--prompt-file <path>', 'read that prompt from a file, - for stdin')
    .option('--detach', 'run in the background; attach from anywhere')
    .option('--remote-control', "switch the agent's own remote control on");
}

function addLaunchCommands(command: Make, context: CommandContext, setExitCode: SetExitCode): void {
  agentOptions(launchOptions(command('start', 'launch an agent in a new bottle')))
    .usage('[agent] [options] [-- ARGS…]')
    .argument('[agent]', 'name of the agent; without one you are asked')
    .addHelpText(
      'after',
      `
Examples:
  bot-bottle start reviewer --cwd
  bot-bottle start reviewer --yes --headless --prompt 'Review the last commit'
  bot-bottle start reviewer --detach --label nightly -- --model opus`,
    )
    .action(async (agent: string | undefined, options: object) => {
      const { start } = await import('./commands/start.ts');
      setExitCode(await start(context, agent ?? null, options));
    });
  launchOptions(command('run', 'run one command in a new bottle, with its stdio and exit code'))
    .usage('<agent> [options] -- CMD…')
    .argument('<agent>', 'whose bottle and files are used')
    .argument('[cmd...]', 'the command')
    .option('-t, --tty', 'give it a terminal (default when stdin and stdout are one)')
    .option('-T, --no-tty', 'never give it a terminal')
    .addHelpText(
      'after',
      `
Examples:
  bot-bottle run reviewer --cwd -- npm test
  echo '{"a":1}' | bot-bottle run reviewer --yes -- jq .a`,
    )
    .action(async (agent: string, cmd: string[], options: object) => {
      const { run } = await import('./commands/run.ts');
      setExitCode(await run(context, agent, [...cmd, ...(context.rest ?? [])], options));
    });
  agentOptions(
    confirmOptions(command('resume', 'go on with a bottle that ended and was kept, or was killed')),
  )
    .usage('<identity> [options] [-- ARGS…]')
    .argument('<identity>', 'identity of the bottle, or the start of it; see list preserved')
    .addHelpText(
      'after',
      `
Examples:
  bot-bottle resume reviewer-x7k2p
  bot-bottle resume reviewer-x7k2p --yes --headless --prompt 'Go on'`,
    )
    .action(async (identity: string, options: object) => {
      const { resume } = await import('./commands/resume.ts');
      setExitCode(await resume(context, identity, options));
    });
  command('demo', 'see every control at work on this machine: no account, no internet')
    .option('--backend <name>', `what isolates: ${demoBackends.join(', ')}`, oneOf(demoBackends))
    .option('--json', 'print the steps as JSON')
    .action(async (options: object) => {
      const { demo } = await import('./commands/demo.ts');
      setExitCode(await demo(context, options));
    });
}

function addRunningCommands(command: Make, context: CommandContext, setExitCode: SetExitCode): void {
  command('exec', 'run a command in a running bottle')
    .usage('<slug> [options] -- CMD…')
    .argument('<slug>', 'identity of the bottle, or the start of it')
    .argument('[cmd...]', 'the command')
    .option('-t, --tty', 'give it a terminal (default when stdin and stdout are one)')
    .option('-T, --no-tty', 'never give it a terminal')
    .option('-w, --workdir <path>', 'working directory in the bottle')
    .addHelpText('after', '\nExample:\n  bot-bottle exec reviewer-x7k2p -- git status')
    .action(async (slug: string, cmd: string[], options: object) => {
      const { exec } = await import('./commands/exec.ts');
      setExitCode(await exec(context, slug, [...cmd, ...(context.rest ?? [])], options));
    });
  command('attach', "join the terminal of a running bottle's agent; Ctrl-] leaves")
    .argument('<slug>', 'identity of the bottle, or the start of it')
    .action(async (slug: string) => {
      const { attach } = await import('./commands/attach.ts');
      setExitCode(await attach(context, slug));
    });
  command('stop', 'end a running bottle')
    .argument('<slug...>', 'identities of bottles')
    .action(async (slugs: string[]) => {
      const { stop } = await import('./commands/stop.ts');
      setExitCode(await stop(context, slugs));
    });
}

const listed = ['active', 'agents', 'bottles', 'preserved'] as const;

function addReportCommands(command: Make, context: CommandContext, setExitCode: SetExitCode): void {
  command('list', 'list running bottles, agents, bottles, or preserved state')
    .argument('[what]', listed.join(', '), oneOf(listed))
    .option('--json', 'print JSON')
    .action(async (what: (typeof listed)[number] | undefined, options: object) => {
      const { list } = await import('./commands/list.ts');
      setExitCode(await list(context, what ?? 'active', options));
    });
  command('info', 'show an agent with its bottle')
    .argument('<agent>', 'name of the agent')
    .option('--json', 'print JSON')
    .action(async (agent: string, options: object) => {
      const { info } = await import('./commands/info.ts');
      setExitCode(await info(context, agent, options));
    });
  addSuperviseCommands(command('supervise', 'answer what bottles ask'), context, setExitCode);
  addRoutesCommands(command, context, setExitCode);
  addCopyCommands(command, context, setExitCode);
  command('audit', 'show or verify what a bottle did and what was denied')
    .argument('<slug>', 'identity of a running or ended bottle')
    .option('-f, --follow', 'go on as new events come')
    .option('--verify', 'check the hash chain')
    .option('--json', 'print JSON, one event a line')
    .addHelpText(
      'after',
      '\nExamples:\n  bot-bottle audit reviewer-x7k2p --follow\n  bot-bottle audit reviewer-x7k2p --verify',
    )
    .action(async (slug: string, options: object) => {
      const { audit } = await import('./commands/audit.ts');
      setExitCode(await audit(context, slug, options));
    });
}

function addSetupCommands(command: Make, context: CommandContext, setExitCode: SetExitCode): void {
  command('init', 'write a commented first bottle and agent')
    .option('--provider <name>', 'claude or command', oneOf(['claude', 'command'] as const))
    .option('--name <name>', 'name of the agent and its bottle')
    .option('--from-repo', 'propose routes from this repository, commented out')
    .action(async (options: object) => {
      const { init } = await import('./commands/init.ts');
      setExitCode(await init(context, options));
    });
  command('doctor', 'check what this machine has, and what to do about the rest')
    .argument('[name]', 'agent or bottle: check its repositories too (reachability, key, host key)')
    .option('--host-keys', 'print the host keys of its repositories, for the manifest')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  bot-bottle doctor\n  bot-bottle doctor reviewer --host-keys')
    .action(async (name: string | undefined, options: object) => {
      const { doctor } = await import('./commands/doctor.ts');
      setExitCode(await doctor(context, name ?? null, options));
    });
  command('cleanup', 'remove what dead bottles left behind')
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--json', 'print JSON')
    .action(async (options: object) => {
      const { cleanup } = await import('./commands/cleanup.ts');
      setExitCode(await cleanup(context, options));
    });
  addImagesCommands(
    command('images', 'build, list and prune the images of the Docker backend'),
    context,
    setExitCode,
  );
  command('schema', 'print the JSON Schema of a manifest')
    .argument('<what>', 'bottle or agent', oneOf(['bottle', 'agent'] as const))
    .action(async (what: 'bottle' | 'agent') => {
      const { schema } = await import('./commands/schema.ts');
      setExitCode(schema(context, what));
    });
  command('completion', 'print a completion script')
    .argument('<shell>', 'bash, zsh or fish', oneOf(['bash', 'zsh', 'fish'] as const))
    .addHelpText(
      'after',
      '\nExample:\n  bot-bottle completion bash > ~/.local/share/bash-completion/completions/bot-bottle',
    )
    .action(async (shell: 'bash' | 'zsh' | 'fish', _options: object, self: Command) => {
      const { completion } = await import('./commands/completion.ts');
      setExitCode(completion(context, shell, self.parent ?? self));
    });
}

/** What completion scripts and detached launches call; not for people. */
function addHiddenCommands(program: Command, context: CommandContext, setExitCode: SetExitCode): void {
  program.command('__owner', { hidden: true }).action(async () => {
    const { owner } = await import('./commands/owner.ts');
    setExitCode(await owner(context));
  });
  program
    .command('__names', { hidden: true })
    .argument('<what>')
    .action(async (what: string) => {
      const { names } = await import('./commands/names.ts');
      setExitCode(await names(context, what));
    });
}
