import type { Supervisor, SupervisorOptions } from './contracts.ts';
import { SupervisorError } from './error.ts';
import { SupervisedChild } from './supervised-child.ts';

const DEFAULT_GRACE_MS = 8_000;

/**
 * Makes a supervisor of several children. Each has its own input and lives its own life: one that dies is started
 * again after a growing, capped delay while the others keep running. The exit code of `shutdown` is the largest
 * positive code of each child's last exit, else 0. Throws `SupervisorError` (`invalid_argument`) for names that are
 * empty, repeated or reserved.
 */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const shutdown = new AbortController();
  const children = new Map<string, SupervisedChild>();
  const hooks = {
    output: options.output,
    graceMs: options.graceMs ?? DEFAULT_GRACE_MS,
    ...(options.onExit === undefined ? {} : { onExit: options.onExit }),
    ...(options.onRestart === undefined ? {} : { onRestart: options.onRestart }),
  };
  for (const spec of options.children) {
    if (!/^[a-z][a-z0-9-]{0,63}$/.test(spec.name) || spec.name === 'supervisor' || children.has(spec.name)) {
      throw new SupervisorError('invalid_argument', 'a child needs a unique name of lower-case letters');
    }
    children.set(spec.name, new SupervisedChild(spec, hooks, options.backoff, shutdown.signal));
  }

  const named = (name: string): SupervisedChild => {
    const child = children.get(name);
    if (child === undefined) throw new SupervisorError('unknown_child', 'no child has this name');
    return child;
  };
  const all = [...children.values()];
  let stopped: Promise<number> | null = null;

  const stopAll = async (): Promise<number> => {
    shutdown.abort();
    await Promise.all(all.map((child) => child.stop()));
    return Math.max(0, ...all.map((child) => child.lastCode ?? 0));
  };
  const supervisor: Supervisor = {
    async start() {
      const results = await Promise.allSettled(all.map((child) => child.start()));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed === undefined) return;
      await supervisor.shutdown();
      throw failed.reason;
    },
    restart: async (name) => named(name).restart(),
    signal: (name, signal) => named(name).signal(signal),
    shutdown() {
      stopped ??= stopAll();
      return stopped;
    },
    child: (name) => named(name).current,
  };
  return supervisor;
}
