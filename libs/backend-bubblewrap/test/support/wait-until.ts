import { setTimeout as delay } from 'node:timers/promises';
import { processEntry } from '../../src/bwrap/process-table.ts';

/** Waits for a condition, at most `limitMs`. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, limitMs = 5000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in time');
    await delay(10);
  }
}

/** A zombie that its parent has not looked at yet does not count. */
export const isRunning = (pid: number): boolean => processEntry(pid) !== null;
