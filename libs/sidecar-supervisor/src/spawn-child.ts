import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Child, ChildExit } from './contracts.ts';
import { SupervisorError } from './error.ts';

export interface SpawnChildOptions {
  /** the whole environment: nothing is inherited */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** user and group to run as; needs the right to change them */
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Starts a local process on pipes, in a process group of its own. It gets no descriptor that this process opened;
 * those that this process itself was started with and that are not close-on-exec pass on, as with any spawn. Signals
 * go to the whole group, and what is left of the group when the process exits is killed. Rejects when it cannot be
 * started.
 */
export async function spawnChild(argv: readonly string[], options: SpawnChildOptions): Promise<Child> {
  const [file, ...args] = argv;
  if (file === undefined) throw new SupervisorError('invalid_argument', 'a command is needed');
  const child = spawn(file, args, {
    env: { ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  const exit = Promise.withResolvers<ChildExit>();
  let isRunning = true;
  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is gone, which is what a signal is for.
    }
  };
  child.once('exit', (code, signal) => {
    isRunning = false;
    signalGroup('SIGKILL');
    exit.resolve({ code, signal });
  });
  await once(child, 'spawn');
  child.on('error', () => undefined);
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    pid: child.pid ?? null,
    exited: exit.promise,
    kill(signal) {
      if (isRunning) signalGroup(signal);
    },
  };
}
