import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { builtBackends } from '../launch/choose-backend.ts';
import { loadHome } from '../launch/load-home.ts';
import { prepareLaunch } from '../launch/prepare-launch.ts';
import { runOwned } from '../launch/run-owned.ts';
import { tryEarly } from '../launch/try-early.ts';
import { launchOptionsSchema } from '../parse-options.ts';
import { wantsTerminal } from '../terminal/wants-terminal.ts';
import { launchStdio } from '../terminal/launch-stdio.ts';

/** `run <agent> -- CMD…`: one command in a bottle of its own. */
export async function run(
  context: CommandContext,
  agentName: string,
  argv: readonly string[],
  given: object,
): Promise<number> {
  const options = launchOptionsSchema.parse(given);
  if (argv.length === 0) {
    throw new CliError('usage', 'a command is missing', { hint: 'bot-bottle run <agent> -- CMD…' });
  }
  const tty = wantsTerminal(context.io, options.tty);
  const backends = tryEarly(
    { option: options.backend, variable: context.io.env['BOT_BOTTLE_BACKEND'] },
    builtBackends,
  );
  const home = await loadHome(context);
  const agent = await home.index.agent(agentName);
  const prepared = await prepareLaunch(context, home, {
    agent,
    backends,
    mode: { kind: 'command', argv },
    extraArgs: [],
    options,
  });
  if (prepared === null) return options.dryRun ? 0 : 1;
  const stdio = launchStdio(context.io, tty);
  return await runOwned(context, prepared, {
    stdio: () => stdio.open(),
    onEnd: () => stdio.restore(),
    term: tty ? context.io.env['TERM'] : undefined,
  });
}
