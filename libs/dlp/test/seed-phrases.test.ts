import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { createScanner } from '@bot-bottle/dlp';
import { describe, expect, it } from 'vitest';
import { seedWords } from '../src/seed/seed-words.ts';
import { bytes } from './support/values.ts';

const scanner = createScanner({ detectors: ['seed_phrase'], knownSecrets: [], canaries: [], allow: [] });
const rulesIn = (text: string): string[] => scanner.scanBytes(bytes(text), 'body').map((each) => each.rule);

/** A mnemonic of `bytes` of entropy, computed as BIP-39 says, with text. */
function mnemonic(entropy: Uint8Array): string[] {
  const bits = (data: Uint8Array): string =>
    Array.from(data, (byte) => byte.toString(2).padStart(8, '0')).join('');
  const check = bits(createHash('sha256').update(entropy).digest()).slice(0, entropy.length / 4);
  return ((bits(entropy) + check).match(/.{11}/g) ?? []).map(
    (eleven) => seedWords[Number.parseInt(eleven, 2)] ?? '',
  );
}
const sample = (length: number, seed = 'seed'): string[] =>
  mnemonic(createHash('sha512').update(seed).digest().subarray(0, length));

describe('a seed phrase', () => {
  it('is of the list that the standard names', () => {
    expect(
      createHash('sha256')
        .update(`${seedWords.join('\n')}\n`)
        .digest('hex'),
    ).toBe('2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda');
  });

  it.each([16, 20, 24, 28, 32])('of %s bytes is found, and never shown', (length) => {
    const words = sample(length);
    const text = `my words are ${words.join(' ')}. keep`;
    const findings = scanner.scanBytes(bytes(text), 'body');
    expect(findings).toMatchObject([{ rule: 'seed_phrase/bip39', severity: 'critical' }]);
    const found = text.slice(findings[0]?.offset ?? 0).slice(0, findings[0]?.length ?? 0);
    expect(found.startsWith(words[0] ?? '') || found.split(' ').length >= 12).toBe(true);
    expect(JSON.stringify(findings)).not.toContain(words.slice(3, 6).join(' '));
  });

  it.each<[string, (words: string[]) => string]>([
    ['upper case', (words) => words.join(' ').toUpperCase()],
    ['lines', (words) => words.join('\r\n')],
    ['a numbered list', (words) => words.map((word, i) => `${i + 1}. ${word}`).join('\n')],
    ['JSON', (words) => JSON.stringify(words, null, 4)],
    ['lines in JSON', (words) => JSON.stringify({ text: words.join('\n') })],
    ['commas', (words) => words.join(',')],
    ['base64', (words) => Buffer.from(words.join(' ')).toString('base64')],
    ['percent-encoding', (words) => encodeURIComponent(words.join(' '))],
  ])('is found in %s', (_, write) => {
    expect(rulesIn(write(sample(16)))).toContain('seed_phrase/bip39');
  });

  it('is none with a word changed, missing, or in the order of the list', () => {
    const words = sample(16, 'b');
    const other = words.with(4, seedWords[(seedWords.indexOf(words[4] ?? '') + 1) % 2048] ?? '');
    expect(rulesIn(other.join(' '))).toEqual([]);
    expect(rulesIn(words.slice(1).join(' '))).toEqual([]);
    expect(rulesIn(seedWords.join('\n'))).toEqual([]);
    expect(rulesIn(words.join(' and this is what comes after it, '))).toEqual([]);
  });

  it('of any entropy is found', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (entropy) => {
        const words = mnemonic(entropy);
        fc.pre(words.some((word, i) => i > 0 && word < (words[i - 1] ?? '')));
        expect(rulesIn(words.join(' ')).length).toBeGreaterThan(0);
      }),
      { numRuns: 50 },
    );
  });
});
