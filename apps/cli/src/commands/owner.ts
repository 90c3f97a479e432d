import { appendFile } from 'node:fs/promises';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  helpersOf,
  launchBottle,
  loadSettings,
  runtimeDir,
  SecretStore,
  type LaunchedBottle,
} from '@bot-bottle/backend';
import { visibleLine } from '@bot-bottle/audit';
import type { CommandContext } from '../command-context.ts';
import { builtBackends, chooseBackend } from '../launch/choose-backend.ts';
import { detachedRequestSchema, type DetachedAnswer } from '../launch/detached-request.ts';
import { endCode } from '../launch/run-owned.ts';
import { sidecarPrograms } from '../launch/sidecar-programs.ts';
import { watchSignals } from '../launch/watch-signals.ts';
import { exitCodeOf } from '../output/exit-code.ts';

/** The hidden command that a detached bottle's owner runs: reads its request from stdin and answers with one line. */
export async function owner({ io }: CommandContext): Promise<number> {
  const signals = watchSignals();
  const starter = new AbortController();
  const onStarterGone = (): void => starter.abort();
  const abandoned = AbortSignal.any([signals.signal, starter.signal]);
  let launched: LaunchedBottle;
  let stateDir: string;
  try {
    const request = detachedRequestSchema.parse(JSON.parse(await firstLine(io.stdin)));
    ({ stateDir } = request.plan);
    // The process that asked keeps its end open until it has the answer.
    for (const event of ['end', 'close']) io.stdin.once(event, onStarterGone);
    io.stdin.resume();
    const wishes = { option: request.plan.backend.name, variable: undefined, setting: null };
    const settings = await loadSettings(request.plan.botBottleHome);
    const { backend } = await chooseBackend(wishes, builtBackends, settings);
    launched = await launchBottle({
      plan: request.plan,
      secrets: {
        slots: new SecretStore(request.slots),
        env: new SecretStore(request.env),
        gateKeys: new SecretStore(request.gateKeys),
        forgeTokens: new SecretStore(request.forgeTokens),
      },
      backend,
      runtimeDir: runtimeDir(io.env),
      sidecarPrograms: sidecarPrograms(helpersOf(request.plan)),
      cwd: request.cwd,
      notify: request.notify,
      signal: abandoned,
      onWarning: (message) => note(stateDir, message),
      ...(request.term === null ? {} : { term: request.term }),
    });
  } catch (error) {
    answer(io.stdout, failure(error));
    return 125;
  }
  let exitCode: number;
  try {
    const running = launched.runMain({
      stdin: null,
      stdout: null,
      stderr: null,
      tty: { cols: 120, rows: 40 },
    });
    const given = [running.then(() => true), hasStarted(launched), aborted(abandoned)];
    const started = await Promise.race(given).catch((error: unknown) => {
      answer(io.stdout, failure(error));
      return false;
    });
    if (!started) return 125;
    for (const event of ['end', 'close']) io.stdin.off(event, onStarterGone);
    answer(io.stdout, { ok: true, identity: launched.identity });
    detach(io);
    const status = await Promise.race([running, signals.received]);
    exitCode = status === null ? (signals.exitCode ?? 143) : exitCodeOf(status);
  } finally {
    for (const warning of await launched.close()) note(stateDir, warning);
    signals.close();
  }
  return endCode(exitCode, launched);
}

/** Nobody sees a detached owner's warnings, so they are kept with the state. */
function note(stateDir: string, message: string): void {
  const line = `${new Date().toISOString()} ${visibleLine(message)}\n`;
  appendFile(join(stateDir, 'logs', 'owner.log'), line, { mode: 0o600 }).catch(() => undefined);
}

async function firstLine(stdin: NodeJS.ReadStream): Promise<string> {
  for await (const line of createInterface({ input: stdin, crlfDelay: Infinity })) return line;
  return '';
}

/** Resolves with false when nobody waits for the bottle any more. */
function aborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false);
    else signal.addEventListener('abort', () => resolve(false), { once: true });
  });
}

/** Resolves when the agent's program runs, or never: a failure comes from the run itself. */
async function hasStarted(launched: LaunchedBottle): Promise<boolean> {
  await launched.mainStarted;
  return true;
}

function answer(stdout: NodeJS.WriteStream, message: DetachedAnswer): void {
  stdout.write(`${JSON.stringify(message)}\n`);
}

/** Lets go of the pipes to the process that started this one, which may go on without it. */
function detach(io: CommandContext['io']): void {
  io.stdin.destroy();
  io.stdout.on('error', () => undefined);
  try {
    closeSync(1);
  } catch {
    // it is closed already
  }
}

function failure(error: unknown): DetachedAnswer {
  if (!(error instanceof Error)) return { ok: false, message: 'unknown failure', hint: null, exitCode: 125 };
  const hint: unknown = 'hint' in error ? error.hint : null;
  const own: unknown = 'exitCode' in error ? error.exitCode : null;
  return {
    ok: false,
    message: error.message,
    hint: typeof hint === 'string' ? hint : null,
    exitCode: typeof own === 'number' ? own : 125,
  };
}
