import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a condition, at most `limitMs`. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in time');
    await delay(20);
  }
}
