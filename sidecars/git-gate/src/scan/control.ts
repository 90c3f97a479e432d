import { randomBytes, randomInt } from 'node:crypto';

/** No vowels: no word of an allow-list or stop-list can appear. */
const letters = 'bcdfghjkmnpqrtvwxzBCDFGHJKMNPQRTVWXZ23456789';

/**
 * A fresh fake credential (a GitLab token) that both scanners must report: proof that they looked. Its letters are never
 * few, because both want some randomness.
 */
export function freshControl(): string {
  for (;;) {
    const token = Array.from(randomBytes(20), (byte) => letters.charAt(byte % letters.length)).join('');
    if (new Set(token).size >= 14) return `glpat-${token}`;
  }
}

/** Harmless text of 512 to 1,023 bytes: what decides on the kind of a file stands in its first 514. */
export function freshPadding(): Buffer {
  return Buffer.from(`${'.'.repeat(randomInt(511, 1023))}\n`);
}
