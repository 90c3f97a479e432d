import { setTimeout as delay } from 'node:timers/promises';
import { BackendError } from '@bot-bottle/backend';
import { isAlive, type ProcessMark } from './runtime-record.ts';

const END_LIMIT_MS = 10_000;

/**
 * Ends what a dead owner's sandboxes still run. They die with their owner, but not in the same moment.
 *
 * @throws BackendError `launch_failed` when one of them does not end
 */
export async function endSandboxes(marks: readonly ProcessMark[], identity: string): Promise<void> {
  for (const mark of marks) {
    if (!isAlive(mark)) continue;
    try {
      process.kill(mark.pid, 'SIGKILL');
    } catch {
      // it ended meanwhile
    }
  }
  for (const start = Date.now(); marks.some(isAlive); await delay(5)) {
    if (Date.now() - start > END_LIMIT_MS)
      throw new BackendError('launch_failed', `what ${identity} ran before does not end`, {
        hint: 'try again',
      });
  }
}
