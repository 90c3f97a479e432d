import { constants } from 'node:os';

const watched = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface SignalWatch {
  /** aborted by the first signal */
  readonly signal: AbortSignal;
  /** Resolves with null when a signal came. */
  readonly received: Promise<null>;
  /** 130 for SIGINT and so on, null when none came */
  readonly exitCode: number | null;
  close(): void;
}

/** Turns signals that would kill this process into an orderly end. */
export function watchSignals(): SignalWatch {
  const abort = new AbortController();
  const { promise, resolve } = Promise.withResolvers<null>();
  let exitCode: number | null = null;
  const onSignal = (name: NodeJS.Signals): void => {
    exitCode ??= 128 + constants.signals[name];
    resolve(null);
    abort.abort();
  };
  for (const name of watched) process.on(name, onSignal);
  return {
    signal: abort.signal,
    received: promise,
    get exitCode() {
      return exitCode;
    },
    close: () => {
      for (const name of watched) process.off(name, onSignal);
    },
  };
}
