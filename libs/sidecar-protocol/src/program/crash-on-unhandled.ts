import type { LogRecord } from './log.ts';

/** Ends the process on an unhandled error; the record has the place but not the message, which may quote input. */
export function crashOnUnhandled(log: (record: LogRecord) => void): void {
  const crash = (error: unknown) => {
    log({ event: 'crashed', name: error instanceof Error ? error.name : typeof error, at: frames(error) });
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}

function frames(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim())
    .join(' | ');
}
