import type { Writable } from 'node:stream';
import type { LogRecord } from './log.ts';

/** Writes records as JSON lines with the time in UTC. */
export function jsonLog(output: Writable): (record: LogRecord) => void {
  return (record) => {
    output.write(`${JSON.stringify({ time: new Date().toISOString(), ...record })}\n`);
  };
}
