import { createSupervisor } from './supervisor.ts';
import type { SupervisorOptions } from './contracts.ts';

export interface RunAsInitOptions extends SupervisorOptions {
  /** child that gets SIGHUP, e.g. `egress` to read its routes again; absent: nobody */
  readonly hangup?: string;
}

/**
 * Runs children as the main program of a container until SIGTERM or SIGINT and resolves with the exit code for
 * `process.exitCode`. Needs an init that reaps orphans as parent or as PID 1 (`docker run --init`, tini): Node only
 * waits for the processes it started itself. Rejects like `Supervisor.start`.
 */
export async function runAsInit(options: RunAsInitOptions): Promise<number> {
  const supervisor = createSupervisor(options);
  const asked = Promise.withResolvers<void>();
  const stop = (): void => asked.resolve();
  const hangup = (): void => {
    if (options.hangup !== undefined) supervisor.signal(options.hangup, 'SIGHUP');
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', hangup);
  try {
    // A signal during the start ends it: children that are starting see their abort signal.
    await Promise.race([supervisor.start(), asked.promise]);
    await asked.promise;
    return await supervisor.shutdown();
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', hangup);
  }
}
