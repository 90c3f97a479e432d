import { expect, test } from 'vitest';
import { createScanner } from '@bot-bottle/dlp';

test('the shortest inputs are scanned wherever they lie in memory', () => {
  const scanner = createScanner({ detectors: ['token_patterns'], knownSecrets: [], canaries: [], allow: [] });
  const memory = Buffer.alloc(32, 'x').buffer;
  for (let offset = 0; offset < 8; offset += 1) {
    for (let length = 0; length < 8; length += 1) {
      expect(scanner.scanBytes(new Uint8Array(memory, offset, length), 'body')).toEqual([]);
    }
  }
});
