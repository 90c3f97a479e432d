import { createScanner } from '@bot-bottle/dlp';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { samples } from './support/token-samples.ts';
import { bytes, madeUp, plainBody, scannerFor, secret } from './support/values.ts';

const scanner = scannerFor(secret, { detectors: ['known_secrets', 'token_patterns', 'canary', 'crlf'] });
const gz = gzipSync('decoy '.repeat(50)).toString('base64').replaceAll('=', '');
const cut = Buffer.from([
  0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 255, 255, 255, 255, 255, 255, 255, 255,
]).toString('base64');

/** Bodies made to keep a scanner busy. */
const bodies: Readonly<Record<string, (size: number) => string>> = {
  'the value over and over': (size) => `${secret} `.repeat(size / secret.length),
  'all of the value but its end': (size) => `${secret.slice(0, -1)}. `.repeat(size / secret.length),
  'the value in pieces': (size) => `${Array.from(secret).join(' - ')} `.repeat(size / secret.length / 4),
  'escapes of escapes': (size) => '%2525255c%255cu0041'.repeat(size / 19),
  backslashes: (size) => '\\'.repeat(size),
  entities: (size) => '&#x0000000000000000'.repeat(size / 19),
  'compressed decoys': (size) => `${gz} `.repeat(size / gz.length),
  'broken compressed decoys': (size) => `${cut}${cut} `.repeat(size / cut.length / 2),
  'magic numbers': (size) => 'H4sIAAAAAAAAA'.repeat(size / 13),
  'starts of tokens': (size) => '-eyJ.sk-ghp_AKIA:AA://xoxb-'.repeat(size / 27),
  'starts of key blocks': (size) => `-----BEGIN ${'PRIVATE'} KEY-----${'\\n'.repeat(30)}`.repeat(size / 87),
  'starts of addresses': (size) => 'https://a:https://b:postgres://c:'.repeat(size / 33),
  'escapes backwards': (size) => '14%24% 3400u\\ Is4H Je '.repeat(size / 23),
  'separators that end early': (size) => `${'a-'.repeat(14)}bc`.repeat(size / 30),
  'separators in separators': (size) => 'a- - '.repeat(size / 5),
  'credentials backwards': (size) => 'ABCDEFGHIJKL2345AIKA '.repeat(size / 21),
  'segments of a path': (size) => `/a-b_c/${'Q'.repeat(30)}/eJ`.repeat(size / 40),
  'zero-width signs': (size) => '\u200ba\u0301'.repeat(size / 6),
  'parts of the value': (size) => `${secret.slice(0, 9)} ${secret.slice(11, 21)} `.repeat(size / 21),
  quotes: (size) => '"'.repeat(size),
  'unfinished strings': (size) => '"\\'.repeat(size / 2),
};

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
  it.each(Object.entries(bodies))('costs no more than its length: %s', (_, make) => {
    const small = cost(bytes(make(128 * 1024)));
    const large = cost(bytes(make(1024 * 1024)));
    // eight times the input; quadratic work would be 64 times. The floor absorbs the clock.
    expect(large).toBeLessThan(24 * Math.max(small, 4000));
  });

  it.each(Object.entries(bodies))('does not hide a value at its end: %s', async (_, make) => {
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
