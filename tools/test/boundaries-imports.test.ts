import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, packageOf } from '../src/boundaries/imports.ts';

describe('imports', () => {
  it('finds every form of import and reads no comments', () => {
    const source = readFileSync(path.join(import.meta.dirname, 'fixtures/every-import.txt'), 'utf8');
    expect(importsOf(source)).toEqual([
      'one',
      '@scope/two/deep',
      './three.ts',
      'four',
      'five',
      'six/main',
      'seven',
    ]);
  });

  it('tells the package of a specifier', () => {
    expect(packageOf('@scope/name/deep')).toBe('@scope/name');
    expect(packageOf('name/deep')).toBe('name');
    expect(packageOf('node:fs')).toBeNull();
    expect(packageOf('./local.ts')).toBeNull();
  });
});
