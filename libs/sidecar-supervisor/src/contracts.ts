import type { Readable, Writable } from 'node:stream';

export interface ChildExit {
  /** exit code, null when a signal ended the process */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running process, local or started by a backend. */
export interface Child {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** null when it is not a process of this host */
  readonly pid: number | null;
  /** never rejects */
  readonly exited: Promise<ChildExit>;
  kill(signal: NodeJS.Signals): void;
}

export interface ChildSpec {
  /** unique; shown as `[name]` */
  readonly name: string;
  /** Starts one life of the child. Gives up when the signal aborts: shutdown began. */
  readonly start: (signal: AbortSignal) => Promise<Child>;
  /** which outputs are read as lines; default both. Leave out what carries a protocol. */
  readonly capture?: readonly ('stdout' | 'stderr')[];
}

export interface Backoff {
  /** delay before the first restart, in ms; default 200 */
  readonly initialMs?: number;
  /** longest delay, in ms; default 30,000 */
  readonly maxMs?: number;
  /** default 2 */
  readonly factor?: number;
  /** a life this long, in ms, starts again at `initialMs`; default 60,000 */
  readonly resetAfterMs?: number;
}

/** One exit, reported once. */
export interface ExitReport extends ChildExit {
  readonly name: string;
  /** whether the supervisor asked for it: a requested restart or the shutdown */
  readonly expected: boolean;
  /** delay until the next start in ms, null when there is none */
  readonly restartInMs: number | null;
}

export interface SupervisorOptions {
  readonly children: readonly ChildSpec[];
  /**
   * Takes one line, prefixed with `[name] `. The text is the child's: show it only through `visibleText`. While a
   * returned promise is pending the child's output is not read.
   */
  readonly output: (line: string) => void | Promise<void>;
  readonly backoff?: Backoff;
  /** time between SIGTERM and SIGKILL, in ms; default 8,000 */
  readonly graceMs?: number;
  readonly onExit?: (report: ExitReport) => void;
  /** A child runs again after its first life. */
  readonly onRestart?: (name: string, child: Child) => void;
}

export interface Supervisor {
  /** Starts all children in parallel. Rejects with `SupervisorError` (`start_failed`) after stopping the others. */
  start(): Promise<void>;
  /**
   * Stops and starts a child. Requests for a child that wait are answered together. Resolves with false when the
   * request was dropped because shutdown began. Throws `SupervisorError` (`unknown_child`).
   */
  restart(name: string): Promise<boolean>;
  /** Sends a signal to one child; nothing happens when it does not run. Throws `SupervisorError` (`unknown_child`). */
  signal(name: string, signal: NodeJS.Signals): void;
  /** Stops everything and resolves with the exit code. Later calls return the same promise. */
  shutdown(): Promise<number>;
  /** The current life of a child, null between two lives. Throws `SupervisorError` (`unknown_child`). */
  child(name: string): Child | null;
}
