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

/** Encrypted with a passphrase by OpenSSL, whose initial vector looks like material. */
function encrypted(): string {
  const label = `RSA ${'PRIVATE'} KEY`;
  const body = randomBytes(600).toString('base64');
  const vector = randomBytes(16).toString('hex').toUpperCase();
  return (
    `-----BEGIN ${label}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${vector}\n\n` +
    `${(body.match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`
  );
}

/** As commercial SSH programs write one. */
function ssh2(): string {
  const label = `SSH2 ENCRYPTED ${'PRIVATE'} KEY`;
  const body = randomBytes(400).toString('base64');
  return (
    `---- BEGIN ${label} ----\nComment: "2048-bit rsa, me@home"\n` +
    `${(body.match(/.{1,70}/g) ?? []).join('\n')}\n---- END ${label} ----\n`
  );
}

const makers: ReadonlyArray<[string, () => string]> = [
  ['RSA', () => pkcs8('rsa')],
  ['EC', () => pkcs8('ec')],
  ['OpenSSH', openssh],
  ['PuTTY', putty],
  ['encrypted', encrypted],
  ['SSH2', ssh2],
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
    for (const line of key.split('\n').filter((each) => each.length >= 40 && !each.startsWith('----')))
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

describe('a label of a private key', () => {
  const label = `-----BEGIN ${'PRIVATE'} KEY-----`;
  const material = createHash('sha512').update('material').digest('base64').replaceAll(/[+/=]/g, 'k');
  const isFound = (text: string): boolean => scanner.scanBytes(bytes(text), 'body').length > 0;

  it.each([
    ['at once', `${label}${material}`],
    ['after a line', `${label}\r\n${material}`],
    ['after blank lines', `${label}${'\n'.repeat(50)}${material}`],
    ['after many headers', `${label}\n${'Comment: none\n'.repeat(60)}\n${material}`],
    ['after an escaped header', `${label}\\nComment: none\\n\\n${material}`],
    ['after a header that is escaped twice', `${label}\\\\nComment: none\\\\n${material}`],
    ['in a header', `${label}Comment: the key is ${material}`],
    ['in a header of a header', `${label}A: ${'b'.repeat(90)} A: ${'c'.repeat(90)} A: ${material}`],
    ['after another label in a header', `${label}A: -----BEGIN CERTIFICATE-----\n${material}`],
  ])('with material %s is one', (_, text) => {
    expect(isFound(text)).toBe(true);
  });

  it.each([
    ['nothing', label],
    ['a text', `${label}\nhere goes your key, ${material}`],
    ['a long text in a header', `${label}\nComment: ${'none '.repeat(30)}${material}`],
    ['a line that is no header', `${label}\n...\n${material}`],
    ['the same letter', `${label}\n${'A'.repeat(64)}\n`],
    ['less material', `${label}\n${material.slice(0, 31)}\n`],
    ['material far away', `${label}${'\n'.repeat(4100)}${material}`],
  ])('with %s is none', (_, text) => {
    expect(isFound(text)).toBe(false);
  });
});
