import { spawn } from 'node:child_process';
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
  const name = visibleLine(program, 200);
  const terminal = openControllingTerminal();
  let received: 'SIGTERM' | 'SIGHUP' | null = null;
  const stop = (signal: 'SIGTERM' | 'SIGHUP'): void => {
    received = signal;
    child.kill(signal);
  };
  // What the terminal sends to both of us is the editor's business.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  process.on('SIGQUIT', ignore);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  const child = spawn(program, [...args, file], {
    cwd: io.cwd,
    env: { ...io.env },
    stdio: terminal === null ? ['ignore', 2, 2] : [terminal, terminal, terminal],
  });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<string | null>();
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(
        code === 0 ? null : signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`,
      );
    });
    const failure = await promise.catch((error: unknown) => {
      const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
      return code === 'ENOENT' ? 'is not there' : `cannot be started (${String(code)})`;
    });
    if (received !== null) {
      throw new CliError('interrupted', 'interrupted', { exitCode: 128 + constants.signals[received] });
    }
    if (failure === null) return;
    throw new CliError('failed', `the editor ${name} ${failure}`, {
      hint: 'settings.yml `editor`, $VISUAL or $EDITOR name another one',
    });
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGQUIT', ignore);
    process.off('SIGTERM', stop);
    process.off('SIGHUP', stop);
    if (terminal !== null) closeSync(terminal);
  }
}

function openControllingTerminal(): number | null {
  try {
    return openSync('/dev/tty', 'r+');
  } catch {
    return null;
  }
}
