import { createScanner } from '@bot-bottle/dlp';
import { describe, expect, it } from 'vitest';
import { samples } from './support/token-samples.ts';
import { bytes, madeUp, plainBody, scannerFor, secret } from './support/values.ts';
import { worstOfLayers } from './support/worst-cases.ts';

const scanner = scannerFor(secret, { detectors: ['known_secrets', 'token_patterns', 'canary', 'crlf'] });
function cost(text: Buffer): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = process.cpuUsage();
    scanner.scanBytes(text, 'body');
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, user + system);
  }
  return best;
}

describe('a body made to keep the scanner busy', () => {
  it.each(Object.entries(worstOfLayers))('costs no more than its length: %s', (_, make) => {
    const small = cost(bytes(make(128 * 1024)));
    const large = cost(bytes(make(1024 * 1024)));
    // eight times the input; quadratic work would be 64 times. The floor absorbs the clock.
    expect(large).toBeLessThan(24 * Math.max(small, 4000));
  });

  it.each(Object.entries(worstOfLayers))('does not hide a value at its end: %s', async (_, make) => {
    const findings = await scanner.scanBody(bytes(`${make(64 * 1024)} "${secret}"`), plainBody);
    expect(findings.some((finding) => finding.rule === 'known_secrets/EGRESS_TOKEN_0')).toBe(true);
  });

  it('is scanned in a multipart body of thousands of parts', async () => {
    const parts = Array.from(
      { length: 20_000 },
      (_, i) => `--b\r\nContent-Disposition: form-data; name="${i}"\r\n\r\nx\r\n`,
    );
    const kind = { contentType: 'multipart/form-data; boundary=b', contentEncoding: null };
    const start = process.cpuUsage().user;
    expect(await scanner.scanBody(bytes(`${parts.join('')}${secret}\r\n--b--`), kind)).toHaveLength(1);
    expect(process.cpuUsage().user - start).toBeLessThan(3_000_000);
  });

  it('does not hide a value behind a flood of allowed ones', () => {
    const allowed = madeUp('allowed', 30);
    const token = samples['github-pat']?.() ?? '';
    const other = samples['npm-token']?.() ?? '';
    const own = createScanner({
      detectors: ['known_secrets', 'token_patterns'],
      knownSecrets: [
        { name: 'ALLOWED', value: allowed },
        { name: 'OTHER', value: secret },
      ],
      canaries: [],
      allow: [{ rule: 'known_secrets/ALLOWED' }, { rule: 'token_patterns/github-pat' }],
    });
    const text = `${`${allowed} ${token}\n`.repeat(2000)}${secret} ${other}`;
    expect(own.scanBytes(bytes(text), 'body').map((finding) => finding.rule)).toEqual([
      'known_secrets/OTHER',
      'token_patterns/npm-token',
    ]);
  });
});
