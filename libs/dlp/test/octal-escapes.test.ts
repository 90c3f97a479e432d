import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayHoldEscapes, unescapeOnce } from '../src/layers/unescape.ts';
import { bytes, madeUp, scannerFor } from './support/values.ts';

const octal = (text: string, isWritten: RegExp): string =>
  Array.from(Buffer.from(text).toString('latin1'), (char) =>
    isWritten.test(char) ? `\\${char.charCodeAt(0).toString(8)}` : char,
  ).join('');

describe('octal escapes', () => {
  it('of bytes beyond ASCII alone are undone, as git writes paths', () => {
    for (const value of ['Zugang-für-Müller-93', '日本語のパスワード', 'grüße-ähnlich-öfter-straße']) {
      const text = `"${octal(value, /[\x80-\xff]/)}"`;
      expect(scannerFor(value).scanBytes(bytes(text), 'body').length).toBeGreaterThan(0);
    }
  });

  it('of digits alone are undone when they are of two digits', () => {
    const value = Array.from(
      madeUp('octal', 12, 'hex').replaceAll(/\d/g, 'a'),
      (char, i) => char + (i % 10),
    ).join('');
    const text = `"${octal(value, /\d/)}"`;
    expect(scannerFor(value).scanBytes(bytes(text), 'body').length).toBeGreaterThan(0);
  });

  it('of other values are not taken for it', () => {
    const text = `"${octal('Zutritt-für-Meier-39', /[\x80-\xff]/)}"`;
    expect(scannerFor('Zugang-für-Müller-93').scanBytes(bytes(text), 'body')).toEqual([]);
  });
});

describe('the look for escapes', () => {
  it('passes over nothing that can be undone', () => {
    const piece = fc.oneof(
      fc.constantFrom('\\', '\\', '%', '&#', 'u', 'U', 'x', '{', '}', ';', '0041', '41', '"', 'é', 'n', '='),
      fc.integer({ min: 0, max: 9 }).map(String),
      fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const text = Buffer.from(pieces.join(''), 'latin1');
        if (unescapeOnce(text) !== null) expect(mayHoldEscapes(text)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});
