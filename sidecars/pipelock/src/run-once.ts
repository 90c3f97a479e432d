import { spawn } from 'node:child_process';

const MAX_OUTPUT = 64 * 1024;

export interface Ran {
  /** null: it could not be started, or a signal ended it */
  readonly code: number | null;
  /** what it printed, both outputs, cut */
  readonly output: string;
}

/** Runs a program to its end, at most `limitMs`. Never rejects. */
export function runOnce(
  program: string,
  args: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly limitMs: number },
): Promise<Ran> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, [...args], { env: { ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.limitMs);
    const take = (chunk: Buffer): void => {
      if (output.length < MAX_OUTPUT) output += chunk.toString('utf8').slice(0, MAX_OUTPUT - output.length);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ code: null, output: error.message });
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}
