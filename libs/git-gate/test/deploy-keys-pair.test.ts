import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateKeyPair } from '../src/deploy-keys/generate-key-pair.ts';
import { fingerprintOf } from '../src/index.ts';
import { scratch } from './support/sample-forge.ts';

// Comments of every length modulo 8: the private key is padded to blocks of 8 bytes.
test('ssh-keygen reads each private key, derives the same public key and prints the same fingerprint', async () => {
  await using folder = await scratch();
  for (let length = 1; length <= 16; length += 1) {
    const comment = 'x'.repeat(length);
    const pair = generateKeyPair(comment);
    const file = join(folder.path, `key-${length}`);
    writeFileSync(file, pair.privateKey, { mode: 0o600 });
    const derived = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' });
    expect(derived.trim()).toBe(pair.publicKey);
    const listed = execFileSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' });
    expect(listed.trim()).toBe(`256 ${pair.fingerprint} ${comment} (ED25519)`);
  }
});

test('no key is cut, whatever its first byte', () => {
  const lengths = Array.from({ length: 3000 }, () => {
    const [, blob = ''] = generateKeyPair('x').publicKey.split(' ');
    return Buffer.from(blob, 'base64').length;
  });
  expect(new Set(lengths)).toEqual(new Set([51]));
});

test('two pairs differ', () => {
  expect(generateKeyPair('a').fingerprint).not.toBe(generateKeyPair('a').fingerprint);
});

test('a comment with a line break cannot add a second line to the public key', () => {
  expect(() => generateKeyPair('a\nssh-ed25519 AAAA')).toThrow(TypeError);
});

test('the fingerprint does not depend on the comment', () => {
  const { publicKey, fingerprint } = generateKeyPair('some comment');
  expect(fingerprintOf(publicKey.split(' ').slice(0, 2).join(' '))).toBe(fingerprint);
});

test.each(['', 'ssh-ed25519', 'ssh-ed25519 !!!', 'no key at all'])('%j has no fingerprint', (text) => {
  expect(fingerprintOf(text)).toBeNull();
});
