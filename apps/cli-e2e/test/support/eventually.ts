import { setTimeout as delay } from 'node:timers/promises';

/** Asks again and again until `check` gives a value other than undefined and false; fails after `limitMs`. */
export async function eventually<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`did not happen within ${limitMs} ms: ${what}`);
    await delay(50);
  }
}
