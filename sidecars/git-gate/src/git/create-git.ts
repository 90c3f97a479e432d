import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Git, GitResult, GitRun } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';
import type { GitOptions } from './git-environment.ts';
import { createLineReader } from './line-reader.ts';
import { startGit } from './start-git.ts';
import type { GitProcess } from './start-git.ts';

/** Most bytes of stdout that `run` keeps unless told otherwise. */
const DEFAULT_MAX_OUTPUT = 16 * 1024 * 1024;
/** Most lines of stderr that are passed on while git runs. */
const MAX_ERROR_LINES = 1000;
/** Last lines of stderr that the result keeps. */
const KEPT_ERROR_LINES = 100;
/** How long stderr may stay open after git has ended, in ms: something that it started may hold it. */
const STDERR_GRACE_MS = 1000;

type Ended = Pick<GitResult, 'code' | 'stderr'>;

/** git with an environment built from nothing; every run is bounded and ends with its whole process group. */
export function createGit(options: GitOptions): Git {
  return {
    run: async (run) => {
      const limit = run.maxOutput ?? DEFAULT_MAX_OUTPUT;
      const chunks: Buffer[] = [];
      let size = 0;
      const output = follow(options, run);
      for (;;) {
        const next = await output.next();
        if (next.done === true) return { ...next.value, stdout: Buffer.concat(chunks) };
        size += next.value.length;
        if (size > limit) {
          await output.return({ code: null, stderr: [] });
          throw failed(run, `wrote more than ${limit} bytes`);
        }
        chunks.push(next.value);
      }
    },
    stream: async function* stream(run) {
      const { code, stderr } = yield* follow(options, run);
      if (code !== 0) throw failed(run, `ended with code ${code ?? 'none'}`, stderr);
    },
  };
}

async function* follow(options: GitOptions, run: GitRun): AsyncGenerator<Buffer, Ended> {
  if (run.signal?.aborted === true) throw failed(run, 'was cancelled');
  const git = startGit(options, run);
  let failure: GitGateServerError | null = null;
  const fail = (error: GitGateServerError): void => {
    failure ??= error;
    void git.end();
  };
  const onAbort = (): void => fail(failed(run, 'was cancelled'));
  const timer = setTimeout(
    () => fail(failed(run, `did not end within ${run.timeoutMs / 1000} s`)),
    run.timeoutMs,
  );
  run.signal?.addEventListener('abort', onAbort, { once: true });
  const stderr = keepErrors(git, run);
  void feed(git, run.input, (cause) => fail(failed(run, 'got no input', [], cause)));
  try {
    for await (const chunk of git.child.stdout) yield chunk as Buffer;
    const code = await git.exited;
    await stderr.closed;
    if (failure !== null) throw failure as GitGateServerError;
    return { code, stderr: stderr.lines };
  } catch (error) {
    if (failure !== null) throw failure as GitGateServerError;
    // a program that cannot be started has no output either
    await git.exited;
    throw failed(run, 'broke off', stderr.lines, error);
  } finally {
    clearTimeout(timer);
    run.signal?.removeEventListener('abort', onAbort);
    await git.end();
  }
}

function keepErrors(
  git: GitProcess,
  run: GitRun,
): { readonly lines: string[]; readonly closed: Promise<unknown> } {
  const lines: string[] = [];
  let passed = 0;
  const reader = createLineReader((line) => {
    lines.push(line);
    if (lines.length > KEPT_ERROR_LINES) lines.shift();
    passed += 1;
    if (passed <= MAX_ERROR_LINES) run.onErrorLine?.(line);
  });
  const { stderr } = git.child;
  stderr.on('data', (chunk: Buffer) => reader.write(chunk));
  const closed = once(stderr, 'close').then(() => reader.end());
  const late = git.exited.then(() => delay(STDERR_GRACE_MS, undefined, { ref: false }));
  const settled = Promise.race([closed, late]);
  settled.catch(() => {});
  return { lines, closed: settled };
}

/** Never rejects: a program may end before it has read everything, and a source that fails is told to `onFailure`. */
async function feed(
  git: GitProcess,
  input: GitRun['input'],
  onFailure: (cause: unknown) => void,
): Promise<void> {
  const { stdin } = git.child;
  if (input === undefined || typeof input === 'string' || input instanceof Uint8Array) {
    stdin.end(input);
    return;
  }
  try {
    await pipeline(input, stdin);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') onFailure(error);
  }
}

function failed(
  run: GitRun,
  what: string,
  problems: readonly string[] = [],
  cause?: unknown,
): GitGateServerError {
  const name = run.args.find((arg, index) => !arg.startsWith('-') && run.args[index - 1] !== '-c') ?? '';
  const reason = problems.at(-1);
  return new GitGateServerError(
    'git_failed',
    `git ${name} ${what}${reason === undefined ? '' : `: ${reason}`}`,
    {
      problems,
      cause,
    },
  );
}
