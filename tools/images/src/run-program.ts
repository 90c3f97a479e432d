import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ImagesError } from './images-error.ts';

export interface RunOptions {
  readonly cwd?: string;
  /** added to this process's environment */
  readonly env?: Readonly<Record<string, string>>;
  /** milliseconds until it is killed; default 60,000 */
  readonly limitMs?: number;
}

/**
 * Runs a program to its end and gives what it wrote to its standard output.
 *
 * @throws ImagesError `missing` when there is no such program, `failed` with the last lines of its standard error,
 *   `timeout`
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  { cwd, env, limitMs = 60_000 }: RunOptions = {},
): Promise<string> {
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: limitMs,
    killSignal: 'SIGKILL',
    ...(cwd === undefined ? {} : { cwd }),
  });
  const ended = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  child.once('error', ended.reject).once('close', (code, signal) => ended.resolve({ code, signal }));
  const [output, errors, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended.promise,
  ]).catch((cause: unknown) => {
    throw new ImagesError('missing', `${file} cannot be run`, { cause });
  });
  if (exit.code === 0) return output;
  const what = [file, args[0] ?? ''].join(' ').trim();
  if (exit.signal === 'SIGKILL')
    throw new ImagesError('timeout', `${what} did not end within ${limitMs / 1000} s`);
  const lines = `${output}\n${errors}`.trim().split('\n').slice(-8).join('\n');
  throw new ImagesError('failed', `${what} failed:\n${lines}`);
}
