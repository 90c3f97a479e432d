import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { RepositoryView } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';
import { endGroup } from './end-group.ts';
import { gitEnvironment } from './git-environment.ts';
import type { GitOptions } from './git-environment.ts';

export interface GitStart {
  readonly args: readonly string[];
  readonly view: RepositoryView | null;
  readonly env?: Readonly<Record<string, string>>;
  /** address space of each process */
  readonly memoryKib?: number;
  /** further descriptors, from 3 on */
  readonly extra?: ReadonlyArray<'pipe'>;
}

export interface GitProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Exit code, null for a signal. Rejects with `git_failed` when the program could not be started. */
  readonly exited: Promise<number | null>;
  /** Ends the whole process group if it still runs; resolves when it is gone. Safe to call again. */
  end(): Promise<void>;
}

/**
 * Address space of one process of git, in KiB. A push of a few kilobytes can make git want any amount of memory: ten
 * nested trees of ten entries are 10^10 paths, and deltas build objects of any size in memory.
 */
const MEMORY_KIB = 3 * 1024 * 1024;
/** The same where anybody can have deltas applied, some at a time: `pack.threads=1` and 512 MiB of mapped packs fit. */
export const RECEIVE_MEMORY_KIB = 1280 * 1024;
/** Fixed text: what is run comes as arguments. */
const LIMITED = 'ulimit -v "$1" && shift && exec "$@"';

/**
 * Starts git in a process group of its own, for callers that stream both ways. They must call `end` on every path;
 * everything else goes through `Git`.
 */
export function startGit(options: GitOptions, start: GitStart): GitProcess {
  const child = spawn(
    '/bin/sh',
    ['-c', LIMITED, 'sh', String(start.memoryKib ?? MEMORY_KIB), options.git, ...start.args],
    {
      cwd: options.home,
      env: gitEnvironment(options, start.view, start.env),
      stdio: ['pipe', 'pipe', 'pipe', ...(start.extra ?? [])],
      detached: true,
    },
  ) as ChildProcessWithoutNullStreams;
  // a program may end before it has read its input
  child.stdin.on('error', () => {});
  let running = true;
  const exited = new Promise<number | null>((resolve, reject) => {
    const notStarted = (why: string, cause?: unknown): void => {
      running = false;
      reject(new GitGateServerError('git_failed', `cannot start ${options.git}: ${why}`, { cause }));
    };
    child.once('error', (cause) => notStarted(cause.message, cause));
    child.once('exit', (code) => {
      running = false;
      // what a shell says of a program that it cannot run (POSIX, 2.8.2)
      if (code === 126 || code === 127) notStarted('it is not there, or not a program');
      else resolve(code);
    });
  });
  exited.catch(() => {});
  let ending: Promise<void> | null = null;
  const end = async (): Promise<void> => {
    if (running && child.pid !== undefined) await endGroup(child.pid);
    // somebody outside the group could hold the other ends for ever
    for (const stream of child.stdio) stream?.destroy();
  };
  return { child, exited, end: () => (ending ??= end()) };
}
