import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LogFile } from './log-file.ts';
import { logNames } from './find-logs.ts';

/** milliseconds between two looks */
const everyMs = 200;

export interface LogLine {
  readonly name: string;
  readonly line: string;
}

export interface FollowOptions {
  readonly dir: string;
  /** null: all, also those that come later */
  readonly only: string | null;
  /** Whether the bottle still runs: when not, what there is left is read, and that was all. */
  readonly isRunning: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** Lines of a bottle's logs, one log after the other; while it runs, also what comes. */
export async function* followLogs({ dir, only, isRunning, signal }: FollowOptions): AsyncGenerator<LogLine> {
  const files = new Map<string, LogFile>();
  try {
    for (let goesOn = true; goesOn && !signal.aborted;) {
      // Asked before reading: what was written until then is read.
      goesOn = await isRunning();
      for (const name of await logNames(dir)) {
        if (only !== null && name !== only) continue;
        const known = files.get(name);
        const file = known ?? new LogFile(join(dir, `${name}.log`));
        files.set(name, file);
        for await (const line of known === undefined ? file.first() : file.more()) yield { name, line };
      }
      if (goesOn) await delay(everyMs, undefined, { signal }).catch(() => undefined);
    }
    for (const [name, file] of files) for await (const line of file.end()) yield { name, line };
  } finally {
    await Promise.all([...files.values()].map((file) => file.close()));
  }
}
