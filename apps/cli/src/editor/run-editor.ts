import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { visibleLine } from '@bot-bottle/audit';
import { CliError } from '../cli-error.ts';
import type { Io } from '../io.ts';

/**
 * Runs an editor on a file, on the terminal whatever stdin and stdout are redirected to, and waits until it ends: a
 * human takes as long as he takes.
 *
 * @throws CliError `failed` when it is not there, or ends with a signal or another exit code than 0; `interrupted`
 */
export async function runEditor(
  [program, ...args]: readonly [string, ...string[]],
  file: string,
  io: Pick<Io, 'env' | 'cwd'>,
): Promise<void> {
  const terminal = openControllingTerminal();
  let child: ChildProcess | null = null;
  let received: 'SIGTERM' | 'SIGHUP' | null = null;
  const stop = (signal: 'SIGTERM' | 'SIGHUP'): void => {
    received = signal;
    child?.kill(signal);
  };
  // What the terminal sends to both of us is the editor's business.
  const ignore = (): void => undefined;
  const handlers = [
    ['SIGINT', ignore],
    ['SIGQUIT', ignore],
    ['SIGTERM', stop],
    ['SIGHUP', stop],
  ] as const;
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    child = spawn(program, [...args, file], {
      cwd: io.cwd,
      env: { ...io.env },
      stdio: terminal === null ? ['ignore', 2, 2] : [terminal, terminal, terminal],
    });
    const failure = await howItFailed(child);
    if (received !== null) {
      throw new CliError('interrupted', 'interrupted', { exitCode: 128 + constants.signals[received] });
    }
    if (failure === null) return;
    throw new CliError('failed', `the editor ${visibleLine(program, 200)} ${failure}`, {
      hint: 'settings.yml `editor`, $VISUAL or $EDITOR name another one',
    });
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
    if (terminal !== null) closeSync(terminal);
  }
}

/** Resolves when it ended: null when all went well. */
async function howItFailed(child: ChildProcess): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  child.once('error', (error) => {
    const code: unknown = 'code' in error ? error.code : null;
    resolve(code === 'ENOENT' ? 'is not there' : `cannot be started (${String(code)})`);
  });
  child.once('exit', (code, signal) => {
    resolve(code === 0 ? null : signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
  });
  return await promise;
}

function openControllingTerminal(): number | null {
  try {
    return openSync('/dev/tty', 'r+');
  } catch {
    return null;
  }
}
