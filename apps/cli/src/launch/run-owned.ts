import {
  BackendError,
  helpersOf,
  launchBottle,
  runtimeDir,
  shellExitCode,
  type ExitStatus,
  type LaunchedBottle,
  type MainStdio,
} from '@bot-bottle/backend';
import type { CommandContext } from '../command-context.ts';
import { exitCodeOf } from '../output/exit-code.ts';
import { reportError } from '../output/report-error.ts';
import type { PreparedLaunch } from './prepare-launch.ts';
import { sidecarPrograms } from './sidecar-programs.ts';
import { TerminalWarnings } from './terminal-warnings.ts';
import { watchSignals, type SignalWatch } from './watch-signals.ts';

export interface OwnedRun {
  /** stdio of the agent's program, made when the bottle is up */
  readonly stdio: () => MainStdio;
  readonly term: string | undefined;
  /** told when the bottle is up, before its program runs */
  readonly onReady?: (launched: LaunchedBottle) => void;
  /** told when the program ended, before the bottle is taken down */
  readonly onEnd?: () => void;
  /** told each warning and error besides the terminal, and that the bottle can be resumed */
  readonly onWarning?: (message: string) => void;
  readonly onError?: (error: unknown) => void;
  readonly onKept?: () => void;
}

/**
 * Launches, runs the agent's program to its end, takes everything down, and tells the exit code: 125 when the launch
 * failed, 126 or 127 when the program cannot be started, 130 and the like when a signal came, else the program's own,
 * but never 0 when something stays registered with a forge.
 */
export async function runOwned(
  context: CommandContext,
  prepared: PreparedLaunch,
  run: OwnedRun,
): Promise<number> {
  const { printer } = context;
  const signals = watchSignals();
  const warnings = new TerminalWarnings(printer);
  let launched: LaunchedBottle;
  try {
    launched = await launchBottle({
      plan: prepared.plan,
      secrets: prepared.secrets,
      backend: prepared.backend,
      runtimeDir: runtimeDir(context.io.env),
      sidecarPrograms: sidecarPrograms(helpersOf(prepared.plan)),
      cwd: prepared.cwd,
      notify: prepared.notify,
      signal: signals.signal,
      onProgress: (what) => printer.detail(what),
      onWarning: (message) => {
        warnings.add(message);
        run.onWarning?.(message);
      },
      onStep: ({ what, fromMs, tookMs }) =>
        printer.detail(`took ${Math.round(tookMs)} ms from ${Math.round(fromMs)} ms: ${what}`),
      ...(run.term === undefined ? {} : { term: run.term }),
    });
  } catch (error) {
    if (signals.exitCode !== null) return signals.exitCode;
    run.onError?.(error);
    return reportError(error, printer, 125);
  }
  let exitCode: number;
  try {
    run.onReady?.(launched);
    exitCode = await toTheEnd(context, launched, run, { signals, warnings });
  } finally {
    for (const warning of await launched.close()) printer.warning(warning);
    signals.close();
  }
  if (await launched.isKept()) {
    const call = `bot-bottle resume ${launched.identity} goes on`;
    printer.note(launched.wasRebuilt ? `its new image is built; ${call} in it` : `kept; ${call} with it`);
    run.onKept?.();
  }
  return signals.exitCode ?? endCode(exitCode, launched);
}

/** EX_TEMPFAIL of sysexits(3): nothing failed, but it is not done; `resume` goes on. */
const goesOn = 75;

/**
 * A deploy key that may still be registered must not go unnoticed: 1 where the program itself ended with 0. A bottle
 * that ends for its new image was ended by us, so the code of its program says nothing.
 */
export function endCode(
  exitCode: number,
  { hasLeftDeployKeys, wasRebuilt }: Pick<LaunchedBottle, 'hasLeftDeployKeys' | 'wasRebuilt'>,
): number {
  if (wasRebuilt) return goesOn;
  return exitCode === 0 && hasLeftDeployKeys ? 1 : exitCode;
}

async function toTheEnd(
  { printer }: CommandContext,
  launched: LaunchedBottle,
  run: OwnedRun,
  { signals, warnings }: { readonly signals: SignalWatch; readonly warnings: TerminalWarnings },
): Promise<number> {
  let status: ExitStatus | null;
  try {
    const stdio = run.stdio();
    if (stdio.tty !== null) warnings.hold();
    status = await Promise.race([launched.runMain(stdio), signals.received]);
  } catch (error) {
    run.onError?.(error);
    const exitCode = shellExitCode(error);
    if (exitCode === null || !BackendError.isInstance(error)) return reportError(error, printer, 125);
    printer.error(error.message);
    return exitCode;
  } finally {
    run.onEnd?.();
    warnings.release();
  }
  if (signals.exitCode !== null) return signals.exitCode;
  // 143: what a program that was asked to end gives.
  if (launched.wasStopped || status === null) return 143;
  return exitCodeOf(status);
}
