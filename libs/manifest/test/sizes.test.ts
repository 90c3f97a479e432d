import { readSize } from '@bot-bottle/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('readSize', () => {
  it.each([
    ['2GiB', 2 * 1024 ** 3],
    ['512MiB', 512 * 1024 ** 2],
    ['1.5 KiB', 1536],
    ['10MB', 10_000_000],
    ['512m', 512 * 1024 ** 2],
    ['7B', 7],
    [1, 1],
  ])('reads %j as %i bytes', (text, bytes) => {
    expect(readSize(text)).toBe(bytes);
  });

  it.each([
    '',
    '0GiB',
    '-1GiB',
    '1e3B',
    'GiB',
    '1 GiB ',
    '1GiBs',
    '0.1B',
    '9007199254740992B',
    '99999TiB',
    0,
    -1,
    1.5,
    Number.NaN,
  ])('refuses %j', (text) => {
    expect(readSize(text)).toBeNull();
  });

  it('reads back what it is given in bytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (bytes) => {
        expect(readSize(`${bytes}B`)).toBe(bytes);
      }),
    );
  });
});
