import { createHash } from 'node:crypto';
import { createScanner, DlpError, type AllowEntry } from '@bot-bottle/dlp';
import { describe, expect, it } from 'vitest';
import { samples } from './support/token-samples.ts';
import { bytes, canary, madeUp, secret } from './support/values.ts';

const other = madeUp('other', 36);
const token = samples['github-pat']?.() ?? '';
const options = {
  detectors: ['known_secrets', 'canary', 'token_patterns'],
  knownSecrets: [
    { name: 'A', value: secret },
    { name: 'B', value: other },
  ],
  canaries: [{ name: 'CANARY', value: canary }],
} as const;
const scanner = createScanner({ ...options, allow: [] });
const spellings: ReadonlyArray<readonly [string, (value: string) => string]> = [
  ['as they are', (value) => value],
  ['in base64', (value) => Buffer.from(`..${value}`).toString('base64')],
  ['split up', (value) => Array.from(value).join('-')],
  ['in pieces', (value) => `${value.slice(0, 16)} | ${value.slice(18)}`],
  ['escaped', (value) => value.replaceAll(/./g, (char) => `%${char.charCodeAt(0).toString(16)}`)],
];
const rulesOf = (allow: readonly AllowEntry[], text: string): string[] =>
  [
    ...new Set(
      scanner
        .allowing(allow)
        .scanBytes(bytes(text), 'body')
        .map(({ rule }) => rule),
    ),
  ].toSorted();

describe('a scanner that passes over more than another one', () => {
  it.each(spellings)('finds what one that was made so finds, in values %s', (_, write) => {
    const text = [secret, other, canary].map(write).join('\n');
    for (const rule of ['known_secrets/A', 'known_secrets/B', 'canary/CANARY', 'known_secrets/C']) {
      const made = createScanner({ ...options, allow: [{ rule }] });
      const found = scanner.allowing([{ rule }]).scanBytes(bytes(text), 'body');
      expect(found).toEqual(made.scanBytes(bytes(text), 'body'));
      expect(found.map((each) => each.rule)).not.toContain(rule);
      expect(new Set(found.map((each) => each.rule)).size).toBe(rule.endsWith('/C') ? 3 : 2);
    }
  });

  it('passes over what each of several says, by rule or by hash', () => {
    const sha256 = createHash('sha256').update(token).digest('hex');
    const text = `${secret} ${other} ${canary} ${token}`;
    expect(rulesOf([], text)).toHaveLength(4);
    expect(rulesOf([{ sha256 }], text)).toEqual(['canary/CANARY', 'known_secrets/A', 'known_secrets/B']);
    const twice = scanner.allowing([{ rule: 'known_secrets/A' }]).allowing([{ sha256 }]);
    expect(twice.scanBytes(bytes(text), 'body').map(({ rule }) => rule)).toEqual([
      'known_secrets/B',
      'canary/CANARY',
    ]);
    expect(scanner.scanBytes(bytes(text), 'body')).toHaveLength(4);
  });

  it('does not lose a value behind a flood of what it passes over', () => {
    const flood = `${secret} ${Buffer.from(secret).toString('hex')}\n`.repeat(3000);
    expect(rulesOf([{ rule: 'known_secrets/A' }], `${flood}${other}`)).toEqual(['known_secrets/B']);
  });

  it('refuses an entry that names nothing', () => {
    const refused = (): unknown => {
      try {
        return scanner.allowing([{}]);
      } catch (error) {
        return DlpError.isInstance(error) ? error.code : error;
      }
    };
    expect(refused()).toBe('invalid_options');
  });
});
