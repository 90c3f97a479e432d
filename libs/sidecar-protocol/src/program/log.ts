/** 0: start and stop only, 1: denials and findings too, 2: every request. */
export type LogLevel = 0 | 1 | 2;

/** One log record; values are secret-free facts. */
export interface LogRecord {
  readonly event: string;
  readonly [fact: string]: string | number | boolean | null | undefined;
}

/** Writes one record; `level` is the least verbosity at which it is wanted. */
export type Log = (level: LogLevel, record: LogRecord) => void;

/** A log that drops what is above `limit`. */
export function limitLog(limit: LogLevel, write: (record: LogRecord) => void): Log {
  return (level, record) => {
    if (level <= limit) write(record);
  };
}
