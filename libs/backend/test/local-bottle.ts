import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bottle, BottleProcess, ExitStatus } from '../src/contracts.ts';
import { systemPath } from '../src/provision/system-path.ts';

/** A bottle without isolation: processes of this machine, with `/home/node` standing for a folder. */
export interface LocalBottle extends Bottle {
  readonly home: string;
  readonly spawned: string[][];
}

/**
 * @param path where programs are looked for
 * @param isSystem whether that is the system's own PATH, so that our scripts look there too: a guest that is broken
 */
export async function localBottle(
  folder: string,
  path = process.env['PATH'] ?? '',
  isSystem = true,
): Promise<LocalBottle> {
  const home = join(folder, 'guest-home');
  await mkdir(home, { recursive: true });
  const spawned: string[][] = [];
  const children = new Set<ChildProcess>();
  const map = (text: string): string =>
    text === '/home/node' || text.startsWith('/home/node/') ? home + text.slice(10) : text;
  return {
    identity: 'test-00000',
    home,
    spawned,
    exited: new Promise(() => undefined),
    close: async () => {
      for (const { pid } of children) killGroup(pid);
    },
    spawn: async (argv, options = {}) => {
      spawned.push([...argv]);
      const [program = '', ...args] = argv
        .map(map)
        .map((text) => (isSystem ? text.replaceAll(systemPath, `PATH='${path}'; export PATH`) : text));
      const env = { PATH: path, ...options.env };
      const child = spawn(program, args, {
        env: { ...env, PATH: path, HOME: home },
        cwd: map(options.cwd ?? '/home/node'),
        stdio: 'pipe',
        detached: true,
      });
      children.add(child);
      return asProcess(child);
    },
  };
}

/** Ends a process with all that it left behind, as the end of a real bottle's namespace does. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // nothing of it is left
  }
}

function asProcess(
  child: (ReturnType<typeof spawn> & { stdin: NonNullable<ChildProcess['stdin']> }) | ChildProcess,
): BottleProcess {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('no pipes');
  const exited = new Promise<ExitStatus>((resolve, reject) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', reject);
  });
  exited.catch(() => undefined);
  return {
    stdin,
    stdout,
    stderr,
    exited,
    resize: () => undefined,
    kill: (signal) => void child.kill(signal),
  };
}
