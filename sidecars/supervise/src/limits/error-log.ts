import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { CallLimit } from './call-limit.ts';

const PER_MINUTE = 10;

/** Logs where errors that are ours happened, without their messages, which may quote input; a few a minute. */
export class ErrorLog {
  readonly #log: (record: LogRecord) => void;
  readonly #limit = new CallLimit(PER_MINUTE);

  constructor(log: (record: LogRecord) => void) {
    this.#log = log;
  }

  note(error: unknown): void {
    if (!this.#limit.take()) return;
    const frames = error instanceof Error ? (error.stack ?? '').split('\n').slice(1, 4) : [];
    this.#log({
      event: 'request_failed',
      name: error instanceof Error ? error.name : typeof error,
      at: frames.map((line) => line.trim()).join(' | '),
    });
  }
}
