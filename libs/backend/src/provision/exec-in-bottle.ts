import { constants } from 'node:os';
import { finished } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { Bottle, BottleProcess, ExitStatus } from '../contracts.ts';
import { BackendError } from '../errors.ts';

export interface ExecOptions {
  /** text or bytes for stdin, or a writer that must end it; absent: stdin is closed */
  readonly input?: string | Uint8Array | ((stdin: BottleProcess['stdin']) => Promise<void>);
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** milliseconds, default 30 000 */
  readonly timeoutMs?: number;
  /** bytes kept of each of stdout and stderr, default 1 MiB; the rest is read and dropped */
  readonly maxOutput?: number;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  /** exit code; 128 + signal number when a signal ended it */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** whether output was dropped */
  readonly truncated: boolean;
}

/**
 * Runs one program in a bottle to its end and collects what it says.
 *
 * @throws BackendError `exec_failed` when it cannot be started or does not end in time
 */
export async function execInBottle(
  bottle: Bottle,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const maxOutput = options.maxOutput ?? 1024 * 1024;
  const child = await startProcess(bottle, argv, options);
  const stdout = collect(child.stdout, maxOutput);
  const stderr = collect(child.stderr, maxOutput);
  const feeding = feed(child.stdin, options.input);
  const status = await withLimit(child, argv, options);
  // Input that nobody read any more is not an error: the exit code tells.
  await feeding.catch(() => undefined);
  const [out, err] = await Promise.all([stdout, stderr]);
  return {
    code: exitCode(status),
    stdout: out.text,
    stderr: err.text,
    truncated: out.truncated || err.truncated,
  };
}

async function startProcess(
  bottle: Bottle,
  argv: readonly string[],
  options: ExecOptions,
): Promise<BottleProcess> {
  try {
    return await bottle.spawn(argv, {
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
  } catch (error) {
    throw new BackendError('exec_failed', `${argv[0] ?? ''} could not be started in the bottle`, {
      cause: error,
    });
  }
}

async function feed(stdin: BottleProcess['stdin'], input: ExecOptions['input']): Promise<void> {
  stdin.on('error', () => undefined);
  if (typeof input === 'function') {
    await input(stdin);
    return;
  }
  if (input === undefined) stdin.end();
  else stdin.end(input);
}

async function collect(stream: Readable, max: number): Promise<{ text: string; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  let truncated = false;
  stream.on('data', (chunk: Buffer | string) => {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    const kept = bytes.subarray(0, Math.max(0, max - size));
    if (kept.length < bytes.length) truncated = true;
    size += kept.length;
    if (kept.length > 0) chunks.push(kept);
  });
  await finished(stream, { writable: false }).catch(() => undefined);
  return { text: Buffer.concat(chunks).toString('utf8'), truncated };
}

async function withLimit(
  child: BottleProcess,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExitStatus> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    child.kill('SIGKILL');
    const why = limit.aborted ? `did not end within ${timeoutMs / 1000} s` : 'was interrupted';
    reject(
      new BackendError('exec_failed', `${argv[0] ?? ''} in the bottle ${why}`, { cause: signal.reason }),
    );
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([child.exited, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function exitCode(status: ExitStatus): number {
  if (status.code !== null) return status.code;
  return status.signal === null ? 255 : 128 + (constants.signals[status.signal] ?? 0);
}
