import { createHash } from 'node:crypto';
import { createScanner, type AllowEntry, type OutboundDetector, type Scanner } from '@bot-bottle/dlp';

/** A value that no scanner of repositories takes for a credential, because it is put together here. */
export function madeUp(seed: string, length = 32, alphabet = 'base64url'): string {
  const digest = createHash('sha512').update(seed).digest();
  const text =
    alphabet === 'hex' ? digest.toString('hex') : digest.toString('base64url').replaceAll(/[_-]/g, 'k');
  return text.repeat(4).slice(0, length);
}

export const secret = madeUp('secret', 36);
export const canary = madeUp('canary', 40);

export function scannerFor(
  value: string,
  options: { detectors?: readonly OutboundDetector[]; allow?: readonly AllowEntry[] } = {},
): Scanner {
  return createScanner({
    detectors: options.detectors ?? ['known_secrets'],
    knownSecrets: [{ name: 'EGRESS_TOKEN_0', value }],
    canaries: [{ name: 'CANARY', value: canary }],
    allow: options.allow ?? [],
  });
}

export const plainBody = { contentType: null, contentEncoding: null };

export function bytes(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}
