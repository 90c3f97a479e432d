import type { MainStdio } from '@bot-bottle/backend';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { LaunchCommandOptions } from '../parse-options.ts';
import { launchStdio, safeFor } from '../terminal/launch-stdio.ts';
import { wantsTerminal } from '../terminal/wants-terminal.ts';
import { RunEvents } from './run-events.ts';
import type { PreparedLaunch } from './prepare-launch.ts';
import { runOwned } from './run-owned.ts';
import { startDetached } from './start-detached.ts';

/** Runs a prepared agent on this terminal, headless or in the background, and tells the exit code. */
export async function runAgent(
  context: CommandContext,
  prepared: PreparedLaunch,
  { detach, json }: Pick<LaunchCommandOptions, 'detach' | 'json'>,
): Promise<number> {
  const { io, printer } = context;
  if (detach) return await startDetached(context, prepared);
  if (json) return await runTold(context, prepared, new RunEvents(io.stdout));
  const tty = prepared.plan.mode.kind === 'interactive';
  const stdio = launchStdio(io, tty);
  return await runOwned(context, prepared, {
    stdio: tty ? () => stdio.open() : () => headlessStdio(context),
    onReady: (launched) => printer.detail(`${launched.identity} is up`),
    onEnd: () => stdio.restore(),
    term: tty ? io.env['TERM'] : undefined,
  });
}

/** Headless, with everything that happens as events on stdout. */
async function runTold(
  context: CommandContext,
  prepared: PreparedLaunch,
  events: RunEvents,
): Promise<number> {
  const { identity, agent, backend, provider } = prepared.plan;
  const streams = { stdout: events.output('stdout'), stderr: events.output('stderr') };
  let resumable: string | null = null;
  const code = await runOwned(context, prepared, {
    stdio: () => ({ stdin: null, ...streams, tty: null }),
    onReady: () =>
      events.emit({
        event: 'started',
        identity,
        agent: agent.name,
        bottle: agent.bottle.name,
        backend: backend.name,
        provider: provider.name,
      }),
    onEnd: () => {
      for (const stream of Object.values(streams)) stream.end();
    },
    onWarning: (message) => events.emit({ event: 'warning', message }),
    onError: (error) => events.error(error),
    onKept: () => (resumable = identity),
    term: undefined,
  });
  events.emit({ event: 'ended', code, resumable });
  return code;
}

/** @throws CliError `no_terminal` */
export function requireTerminal({ io }: CommandContext): void {
  if (wantsTerminal(io, undefined)) return;
  throw new CliError('no_terminal', 'an agent needs a terminal', {
    hint: 'use --headless --prompt TEXT, or --detach',
  });
}

function headlessStdio({ io }: CommandContext): MainStdio {
  // The prompt comes from the plan; an open stdin makes agents wait for more of it.
  return { stdin: null, stdout: safeFor(io.stdout), stderr: safeFor(io.stderr), tty: null };
}
