import { createScanner, isSearched } from '@bot-bottle/dlp';
import { expect, test } from 'vitest';

test.each([
  ['1234567', false],
  [' 1234567\n', false],
  ['12345678', true],
  ['äöüß', true],
  ['', false],
])('%j: what is said of it is what is done', (value, searched) => {
  const scanner = createScanner({
    detectors: ['known_secrets'],
    knownSecrets: [{ name: 'PIN', value }],
    canaries: [],
    allow: [],
  });
  expect(isSearched(value)).toBe(searched);
  expect(scanner.scanBytes(Buffer.from(`a ${value.trim()} z`), 'body').length > 0).toBe(searched);
});
