import { isIP } from 'node:net';
import { normalizeHost } from '@bot-bottle/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('normalizeHost', () => {
  it('is idempotent and yields only what egress can match', () => {
    const piece = fc.constantFrom(
      'a',
      'B',
      '1',
      '-',
      '.',
      '*',
      '*.',
      '。',
      'ü',
      '\u00ad',
      '%2e',
      '0x',
      ':',
      '[',
      ']',
      '@',
      '/',
      ' ',
      '\0',
      'com',
      'github.io',
      '٣',
      '１',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.domain(),
          fc.ipV4(),
          fc.ipV6(),
          fc.array(piece, { maxLength: 8 }).map((all) => all.join('')),
        ),
        (text) => {
          const host = normalizeHost(text);
          if (host === null) return;
          expect(normalizeHost(host)).toBe(host);
          if (isIP(host) === 0)
            expect(host).toMatch(
              /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/,
            );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['１２７.0.0.1'],
    ['127。0。0。1'],
    ['0x7f000001'],
    ['1.2.3'],
    ['1.2.3.4.'],
    ['1.2.3.04'],
    ['a.0x1'],
    ['[::1%25eth0]'],
    ['::ffff:1.2.3.4:80'],
    ['*.*.example.com'],
    ['*example.com'],
    ['**.example.com'],
    ['*.'],
    ['*.1.2.3.4'],
    ['*.[::1]'],
    ['*.ck'],
    ['*.s3.amazonaws.com'],
    ['*.pages.dev'],
    ['*.公司.cn'],
    ['a..example.com'],
    ['example.com..'],
    ['EGRESS'],
    ['supervise.'],
    ['ｇit-gate'],
    [`${'a'.repeat(64)}.example.com`],
    [Array.from({ length: 130 }, () => 'a').join('.')],
    ['a.example.com\n'],
    ['a.example.com,b.example.com'],
  ])('refuses %j', (text) => {
    expect(normalizeHost(text)).toBeNull();
  });

  it.each([
    ['STRASSE.example', 'strasse.example'],
    ['straße.example', 'xn--strae-oqa.example'],
    ['[2001:DB8:0::1]', '2001:db8::1'],
    ['*.myorg.github.io', '*.myorg.github.io'],
    ['localhost', 'localhost'],
  ])('reads %j as %j', (text, host) => {
    expect(normalizeHost(text)).toBe(host);
  });
});
