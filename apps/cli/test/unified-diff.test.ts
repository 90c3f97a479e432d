import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unifiedDiff } from '../src/output/unified-diff.ts';

it('is nothing for the same text', () => {
  expect(unifiedDiff('a', 'x\n', 'x\n')).toEqual([]);
});

it('has what came and what went, with some lines around', () => {
  const before = ['1', '2', '3', '4', '5', '6', '7', '8', ''].join('\n');
  expect(unifiedDiff('f.md', before, before.replace('5\n', '5\nnew\n'))).toEqual([
    '--- f.md',
    '+++ f.md',
    '@@ -3,6 +3,7 @@',
    ' 3',
    ' 4',
    ' 5',
    '+new',
    ' 6',
    ' 7',
    ' 8',
  ]);
});

it('tells a text without a line break at its end, and other line breaks', () => {
  expect(unifiedDiff('f', 'a\n', 'a').slice(2).join('\n')).toContain('No newline at end of file');
  expect(unifiedDiff('f', 'a\n', 'a\r\n').slice(3)).toEqual(['-a', '+a\\r']);
});

it('holds nothing that a terminal would act on, whatever the texts and the name hold', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.string(),
      (before, after, name) => {
        for (const line of unifiedDiff(name, before, after))
          expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028]/u);
      },
    ),
  );
});

it('makes a hostile line visible', () => {
  expect(unifiedDiff('f', '', '\u001b[2J\u202e# x\n').at(-1)).toBe('+\\u{1b}[2J\\u{202e}# x');
});
