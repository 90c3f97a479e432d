import { ControlClient, relayProcess, shellExitCode } from '@bot-bottle/backend';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { findBottle } from '../launch/find-bottle.ts';
import { forwardSignals } from '../launch/forward-signals.ts';
import { exitCodeOf } from '../output/exit-code.ts';
import { launchStdio } from '../terminal/launch-stdio.ts';
import { wantsTerminal } from '../terminal/wants-terminal.ts';

const optionsSchema = z.object({ tty: z.boolean().optional(), workdir: z.string().nullable().default(null) });

/** `exec <slug> -- CMD…`: another command in a running bottle. */
export async function exec(
  { io, printer }: CommandContext,
  slug: string,
  argv: readonly string[],
  given: object,
): Promise<number> {
  const options = optionsSchema.parse(given);
  if (argv.length === 0) {
    throw new CliError('usage', 'a command is missing', { hint: 'bot-bottle exec <slug> -- CMD…' });
  }
  const tty = wantsTerminal(io, options.tty);
  const bottle = await findBottle(io, slug);
  const size = tty ? { cols: io.stdout.columns || 80, rows: io.stdout.rows || 24 } : null;
  const term = tty ? (io.env['TERM'] ?? null) : null;
  let session;
  try {
    session = await new ControlClient(bottle.socketPath).exec({
      argv,
      cwd: options.workdir,
      tty: size,
      term,
    });
  } catch (error) {
    const exitCode = shellExitCode(error);
    if (exitCode === null || !(error instanceof Error)) throw error;
    printer.error(error.message);
    return exitCode;
  }
  const stdio = launchStdio(io, tty);
  const stop = forwardSignals(session);
  try {
    return exitCodeOf(await relayProcess(session, stdio.open()));
  } finally {
    stop();
    stdio.restore();
    session.close();
  }
}
