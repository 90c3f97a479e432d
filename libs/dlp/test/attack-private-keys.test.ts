import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createScanner, redactSpans, type Finding } from '@bot-bottle/dlp';
import { describe, expect, it } from 'vitest';
import { bytes, plainBody, scannerFor, secret } from './support/values.ts';

const scanner = scannerFor(secret, { detectors: ['token_patterns'] });

function pkcs8(kind: 'rsa' | 'ec'): string {
  const pem = { privateKeyEncoding: { type: 'pkcs8', format: 'pem' } } as const;
  const publicKeyEncoding = { type: 'spki', format: 'pem' } as const;
  return kind === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding, ...pem }).privateKey
    : generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, ...pem }).privateKey;
}

/** As ssh-keygen writes one that is not encrypted: all of them begin alike. */
function openssh(): string {
  const start = Buffer.from('openssh-key-v1\0\0\0\0\u0004none\0\0\0\u0004none\0\0\0\0\0\0\0\u0001');
  const body = Buffer.concat([start, randomBytes(300)]).toString('base64');
  const label = `OPENSSH ${'PRIVATE'} KEY`;
  return `-----BEGIN ${label}-----\n${(body.match(/.{1,70}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
}

function putty(): string {
  const lines = (count: number): string =>
    Array.from({ length: count }, () => randomBytes(48).toString('base64')).join('\n');
  return (
    'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nComment: me@home\n' +
    `Public-Lines: 4\n${lines(4)}\nPrivate-Lines: 8\n${lines(8)}\nPrivate-MAC: ${randomBytes(32).toString('hex')}\n`
  );
}

const makers: ReadonlyArray<[string, () => string]> = [
  ['RSA', () => pkcs8('rsa')],
  ['EC', () => pkcs8('ec')],
  ['OpenSSH', openssh],
  ['PuTTY', putty],
];

const scan = async (text: string, allow: ReadonlyArray<{ sha256: string }> = []): Promise<Finding[]> =>
  await createScanner({ detectors: ['token_patterns'], knownSecrets: [], canaries: [], allow }).scanBody(
    bytes(text),
    plainBody,
  );

const forms: ReadonlyArray<[string, (text: string) => string]> = [
  ['as it is', (text) => text],
  ['in JSON', (text) => JSON.stringify({ key: text })],
  ['percent-encoded', (text) => `key=${encodeURIComponent(text)}`],
  ['in base64', (text) => Buffer.from(text).toString('base64')],
];

describe.each(makers)('private keys: %s', (_, make) => {
  it.each(forms)('allowing one by its hash allows no other: %s', async (_form, write) => {
    const [one, other] = [make(), make()];
    const allow = (await scan(write(one))).map(({ sha256 }) => ({ sha256 }));
    expect(allow.length).toBeGreaterThan(0);
    expect(await scan(write(one), allow)).toEqual([]);
    expect(await scan(write(other), allow)).not.toEqual([]);
  });

  it('the place is the whole key, so that overwriting it leaves nothing', () => {
    const key = make();
    const text = bytes(`before "${key}" after`);
    const redacted = Buffer.from(redactSpans(text, scanner.scanBytes(text, 'body'))).toString('latin1');
    for (const line of key.split('\n').filter((each) => each.length >= 40 && !each.startsWith('-----')))
      expect(redacted).not.toContain(line.slice(0, 40));
    expect(redacted).toMatch(/^before ".*" after$/s);
  });

  it('is the same one wherever it stands', async () => {
    const key = make();
    const hashes = await Promise.all(
      ['', 'a text before\n'].map(async (before) =>
        (await scan(`${before}"${key}"`)).map((each) => each.sha256),
      ),
    );
    expect(hashes[0]).toEqual(hashes[1]);
    expect(hashes[0]?.join()).not.toContain(
      createHash('sha256')
        .update(key.split('\n')[0] ?? '')
        .digest('hex'),
    );
  });
});
