import { constants } from 'node:os';
import type { ExitStatus } from '@bot-bottle/backend';

/** What a shell makes of the end of a process: its code, or 128 and the number of the signal. */
export function exitCodeOf(status: ExitStatus): number {
  if (status.code !== null) return status.code;
  return status.signal === null ? 255 : 128 + (constants.signals[status.signal] ?? 0);
}
