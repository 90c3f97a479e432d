import { generateKeyPairSync } from 'node:crypto';
import { redactSpans } from '@bot-bottle/dlp';
import { describe, expect, it } from 'vitest';
import { leastCost } from './support/least-cost.ts';
import { bytes, scannerFor, secret } from './support/values.ts';

const scanner = scannerFor(secret, { detectors: ['token_patterns'] });
const pem = { type: 'pkcs8', format: 'pem' } as const;
const lines = {
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export(pem)
    .toString()
    .trim()
    .split('\n'),
  Ed25519: generateKeyPairSync('ed25519').privateKey.export(pem).toString().trim().split('\n'),
};

/** What tools put before each line of a file that they show. */
const quotings: ReadonlyArray<readonly [string, (line: string, number: number) => string]> = [
  ['a diff, added', (line) => `+${line}`],
  ['a diff, removed', (line) => `-${line}`],
  ['a merged diff', (line) => `++${line}`],
  ['diff without context', (line) => `> ${line}`],
  ['a reply in a reply', (line) => `>> ${line}`],
  ['a block of YAML', (line) => `    ${line}`],
  ['a table', (line) => `  | ${line}`],
  ['cat -n', (line, number) => `${String(number).padStart(6)}\t${line}`],
  ['grep -n', (line, number) => `${number}:${line}`],
  ['grep -n, beside a find', (line, number) => `${number}-${line}`],
  ['an agent that reads a file', (line, number) => `${String(number).padStart(6)}→${line}`],
  ['a pager with a bar', (line, number) => `${String(number).padStart(4)} | ${line}`],
];

const written: ReadonlyArray<readonly [string, (text: string) => string]> = [
  ['as it is', (text) => text],
  ['in JSON', (text) => JSON.stringify({ content: text })],
  ['in JSON in JSON', (text) => JSON.stringify({ tool: JSON.stringify({ content: text }) })],
  ['with an escaped arrow', (text) => JSON.stringify({ content: text }).replaceAll('→', String.raw`\u2192`)],
];

describe.each(Object.entries(lines))('a private key whose lines are quoted: %s', (_, key) => {
  const text = (quote: (line: string, number: number) => string): string =>
    ['see the file', ...key.map((line, index) => quote(line, index + 9)), 'and what follows'].join('\n');

  describe.each(quotings)('as by %s', (_name, quote) => {
    it.each(written)('is found %s, and overwritten whole', (_form, write) => {
      const content = bytes(write(text(quote)));
      const findings = scanner.scanBytes(content, 'body');
      expect(findings.map(({ rule }) => rule)).toContain('token_patterns/private-key');
      const redacted = Buffer.from(redactSpans(content, findings)).toString();
      for (const line of key.slice(1, -1)) expect(redacted).not.toContain(line.slice(0, 12));
      expect(redacted).toMatch(/see the file.*and what follows/s);
    });
  });
});

describe('the label of a private key in a quoted text', () => {
  const label = `-----BEGIN ${'PRIVATE'} KEY-----`;

  it.each([
    ['a quoted text', `> ${label}\n> here goes your key\n> ${'word '.repeat(20)}\n`],
    ['a diff of documentation', `+${label}\n+...\n+-----END PRIVATE KEY-----\n`],
    ['the same letter', `12\t${label}\n13\t${'A'.repeat(64)}\n`],
    ['less material', `12\t${label}\n13\t${'aB3'.repeat(10)}\n`],
    [
      'material after other lines',
      `> ${label}\n> no header!\n> \n${'> x\n'.repeat(20)}> ${'aB3dE6'.repeat(10)}\n`,
    ],
  ])('with %s is none', (_, text) => {
    expect(scanner.scanBytes(bytes(text), 'body')).toEqual([]);
  });

  it.each([
    ['labels', `> ${label}\n`],
    ['labels and headers', `> ${label}\n${'> Comment: none\n'.repeat(11)}`],
    ['labels and short material', `> ${label}\n> ${'aB3'.repeat(10)}\n`],
    ['labels and material', `> ${label}\n${`> ${'aB3dE6'.repeat(12)}\n`.repeat(30)}`],
    ['blanks and signs', `${label}\n${'  12  | >\t '.repeat(20)}`],
  ])('has no worst case: %s', (_, part) => {
    const cost = (size: number): number =>
      leastCost(() => scanner.scanBytes(bytes(part.repeat(size / part.length)), 'body'));
    // eight times the input; quadratic work would be 64 times. The floor absorbs the clock.
    expect(cost(512 * 1024)).toBeLessThan(24 * Math.max(cost(64 * 1024), 2000));
  });
});
