import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { MainStdio, RunMode } from '@bot-bottle/backend';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { startDetached } from '../launch/start-detached.ts';
import { builtBackends } from '../launch/choose-backend.ts';
import { loadHome, type Home } from '../launch/load-home.ts';
import { prepareLaunch } from '../launch/prepare-launch.ts';
import { runOwned } from '../launch/run-owned.ts';
import { tryEarly } from '../launch/try-early.ts';
import { launchOptionsSchema, type LaunchCommandOptions } from '../parse-options.ts';
import { launchStdio, safeFor } from '../terminal/launch-stdio.ts';
import { pick } from '../terminal/prompts.ts';
import { wantsTerminal } from '../terminal/wants-terminal.ts';

/** `start [agent]`: an agent in a bottle of its own, on this terminal, headless or in the background. */
export async function start(
  context: CommandContext,
  agentName: string | null,
  given: object,
): Promise<number> {
  const { io, printer } = context;
  const options = launchOptionsSchema.parse(given);
  const mode = await modeOf(context, options);
  const isDry = options.dryRun;
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
  if (prepared === null) return isDry ? 0 : 1;
  if (options.detach) return await startDetached(context, prepared);
  const tty = mode.kind === 'interactive';
  const stdio = launchStdio(io, tty);
  return await runOwned(context, prepared, {
    stdio: tty ? () => stdio.open() : () => headlessStdio(context),
    onReady: (launched) => printer.detail(`${launched.identity} is up`),
    onEnd: () => stdio.restore(),
    term: tty ? io.env['TERM'] : undefined,
  });
}

function headlessStdio({ io }: CommandContext): MainStdio {
  // The prompt comes from the plan; an open stdin makes agents wait for more of it.
  return { stdin: null, stdout: safeFor(io.stdout), stderr: safeFor(io.stderr), tty: null };
}

function requireTerminal({ io }: CommandContext): void {
  if (wantsTerminal(io, undefined)) return;
  throw new CliError('no_terminal', 'an agent needs a terminal', {
    hint: 'use --headless --prompt TEXT, or --detach',
  });
}

async function modeOf({ io }: CommandContext, options: LaunchCommandOptions): Promise<RunMode> {
  const { headless, prompt, promptFile, detach } = options;
  if (prompt !== null && promptFile !== null) {
    throw new CliError('usage', '--prompt and --prompt-file exclude each other');
  }
  if (!headless) {
    if (prompt !== null || promptFile !== null) throw new CliError('usage', 'a prompt needs --headless');
    return { kind: 'interactive' };
  }
  if (detach) throw new CliError('usage', '--headless and --detach exclude each other');
  const given = prompt ?? (promptFile === null ? null : await readPrompt(io.cwd, promptFile, io.stdin));
  if (given === null || given.trim() === '') {
    throw new CliError('usage', 'a headless run needs a prompt', {
      hint: '--prompt TEXT or --prompt-file PATH',
    });
  }
  return { kind: 'headless', prompt: given };
}

async function readPrompt(cwd: string, path: string, stdin: NodeJS.ReadStream): Promise<string> {
  if (path === '-') return await text(stdin);
  try {
    return await readFile(resolve(cwd, path), 'utf8');
  } catch {
    throw new CliError('not_found', `the prompt file ${path} cannot be read`);
  }
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
