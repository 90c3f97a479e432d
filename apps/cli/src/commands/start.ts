import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { builtBackends } from '../launch/choose-backend.ts';
import { loadHome, type Home } from '../launch/load-home.ts';
import { prepareLaunch } from '../launch/prepare-launch.ts';
import { requireTerminal, runAgent } from '../launch/run-agent.ts';
import { runMode } from '../launch/run-mode.ts';
import { tryEarly } from '../launch/try-early.ts';
import { launchOptionsSchema } from '../parse-options.ts';
import { pick } from '../terminal/prompts.ts';

/** `start [agent]`: an agent in a bottle of its own, on this terminal, headless or in the background. */
export async function start(
  context: CommandContext,
  agentName: string | null,
  given: object,
): Promise<number> {
  const { io } = context;
  const options = launchOptionsSchema.parse(given);
  const mode = await runMode(context, options);
  const backends = tryEarly(
    { option: options.backend, variable: io.env['BOT_BOTTLE_BACKEND'] },
    builtBackends,
  );
  const home = await loadHome(context);
  const agent = await home.index.agent(agentName ?? (await pickAgent(home)));
  const prepared = await prepareLaunch(context, home, {
    agent,
    backends,
    mode,
    extraArgs: context.rest ?? [],
    options,
    ...(mode.kind === 'interactive' && !options.detach ? { check: () => requireTerminal(context) } : {}),
  });
  if (prepared === null) return options.dryRun ? 0 : 1;
  return await runAgent(context, prepared, options);
}

async function pickAgent({ index }: Home): Promise<string> {
  if (index.agents.length === 0) {
    throw new CliError('not_found', 'there is no agent yet', { hint: 'bot-bottle init writes a first one' });
  }
  const choices = index.agents.map(({ name, file, source }) => ({
    name,
    hint: source === 'repository' ? `from this repository: ${file}` : file,
  }));
  return await pick('Which agent?', choices);
}
