import { type ChildProcess, spawn } from 'node:child_process';
import { type Duplex, PassThrough, type Readable, type Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { BackendError, type ExitStatus } from '@bot-bottle/backend';
import { z } from 'zod';
import { withoutInherited } from './inherited-descriptors.ts';
import { processEntry, type ProcessEntry } from './process-table.ts';

const infoSchema = z.looseObject({ 'child-pid': z.int().positive() });
/** bwrap and its command get 0 to 6 from us. */
export const LAST_OWN_DESCRIPTOR = 6;
const INFO_LIMIT_MS = 10_000;
const GONE_LIMIT_MS = 5000;
const STDERR_LIMIT = 16 * 1024;

// Should this process die before it wrote the options, bwrap would start without any, and its first child then wait
// for ever for it. It refuses `--disable-userns` without the `--unshare-user` that comes with the other options.
const complete = ['--die-with-parent', '--disable-userns'];

export interface SandboxOptions {
  /** the bwrap executable */
  readonly bwrap: string;
  /** options of bwrap, without its own descriptors */
  readonly args: readonly string[];
  readonly command: readonly string[];
  readonly seccomp: Buffer | null;
  /** host user to run as, null: the caller's */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  /** a two-way stream on descriptor 3 instead of standard input and output */
  readonly channel: boolean;
}

/** One bwrap with what runs in it. Ends with this process, however that ends. */
export interface SandboxProcess {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable;
  /** descriptor 3, when asked for */
  readonly channel: Duplex | null;
  readonly pid: number;
  /** pid 1 of the sandbox as the host numbers it */
  readonly inner: Promise<ProcessEntry>;
  readonly exited: Promise<ExitStatus>;
  /** Kills everything in it and waits until it is gone. */
  destroy(): Promise<void>;
}

/**
 * Starts bwrap. Its options, the seccomp program and the answer travel over descriptors: nothing but the command is on
 * an argv. Core dumps are off: 1 byte also stops the kernel from piping one to a handler (linux, fs/coredump.c).
 *
 * @throws BackendError `launch_failed`
 */
export function startSandbox(options: SandboxOptions): SandboxProcess {
  const { channel, seccomp, user } = options;
  const argv = ['--core=1:1', '--', options.bwrap, ...complete, '--args', '4', '--info-fd', '6'];
  if (seccomp !== null) argv.push('--seccomp', '5');
  const outer = channel ? 'ignore' : 'pipe';
  const third = channel ? 'pipe' : 'ignore';
  const wanted = [outer, outer, 'pipe', third, 'pipe', 'pipe', 'pipe'] as const;
  const child = withoutInherited(wanted, (stdio) =>
    spawn('/usr/bin/prlimit', [...argv, '--', ...options.command], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      stdio,
      ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
    }),
  );
  const { stderr } = child;
  // the types know five
  const pipes: readonly unknown[] = child.stdio;
  const [, , , channelPipe, argsPipe, seccompPipe, infoPipe] = pipes;
  if (stderr === null || child.pid === undefined) throw spawnFailure(child);
  give(argsPipe, Buffer.from(options.args.map((arg) => `${arg}\0`).join('')));
  give(seccompPipe, seccomp ?? Buffer.alloc(0));
  const exited = exitOf(child);
  const inner = readInfo(infoPipe, exited, collect(stderr));
  const log = stderr.pipe(new PassThrough());
  inner.catch(() => {});
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: log,
    channel: channel ? (channelPipe as Duplex) : null,
    pid: child.pid,
    inner,
    exited,
    destroy: () => destroy(child, inner, exited),
  };
}

async function destroy(
  child: ChildProcess,
  inner: Promise<ProcessEntry>,
  exited: Promise<ExitStatus>,
): Promise<void> {
  child.kill('SIGKILL');
  await exited;
  const first = await inner.catch(() => null);
  if (first === null) return;
  // its parent's death kills it; the kernel then ends every process of its namespace before it is gone itself
  const deadline = Date.now() + GONE_LIMIT_MS;
  while (processEntry(first.pid)?.startTime === first.startTime) {
    if (Date.now() > deadline)
      throw new BackendError('launch_failed', `process ${first.pid} did not end`, {
        data: { pid: first.pid },
      });
    await delay(2);
  }
}

function give(stream: unknown, bytes: Buffer): void {
  const pipe = stream as Writable;
  // a bwrap that fails early reads nothing; what went wrong is on its stderr
  pipe.on('error', () => {});
  pipe.end(bytes);
}

function exitOf(child: ChildProcess): Promise<ExitStatus> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
}

async function readInfo(
  stream: unknown,
  exited: Promise<ExitStatus>,
  complaint: () => string,
): Promise<ProcessEntry> {
  const pipe = stream as Readable;
  pipe.on('error', () => {});
  let text = '';
  const timer = setTimeout(() => pipe.destroy(), INFO_LIMIT_MS);
  try {
    for await (const chunk of pipe) {
      text += String(chunk);
      if (text.trimEnd().endsWith('}')) break;
    }
  } catch {
    // said below
  } finally {
    clearTimeout(timer);
  }
  const parsed = text === '' ? null : infoSchema.safeParse(JSON.parse(text));
  const pid = parsed?.data?.['child-pid'];
  const entry = pid === undefined ? null : processEntry(pid);
  if (entry !== null) return entry;
  await exited;
  throw new BackendError('launch_failed', `bubblewrap failed: ${complaint() || 'no reason given'}`);
}

/** Keeps the beginning of what is written. */
function collect(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    if (text.length < STDERR_LIMIT) text += chunk.toString('utf8');
  });
  return () => text.trim();
}

function spawnFailure(child: ChildProcess): BackendError {
  child.on('error', () => {});
  return new BackendError('launch_failed', '/usr/bin/prlimit could not be started', {
    hint: 'install util-linux',
  });
}
