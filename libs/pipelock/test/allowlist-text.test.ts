import fc from 'fast-check';
import { parseAllowlist, PipelockError, renderAllowlist } from '@bot-bottle/pipelock';
import { expect, it } from 'vitest';
import { host } from './support/configs.ts';

it('what is written is read back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(host, { minLength: 1 }), (hosts) => {
      const sorted = hosts.toSorted((a, b) => (a < b ? -1 : 1));
      expect(parseAllowlist(renderAllowlist(sorted))).toEqual(sorted);
    }),
  );
});

it('comments, blank lines, case, order and repeats do not matter', () => {
  const text = '# mine\r\n\r\n  B.example   # why\nA.example.\n*.C.example\nb.example\n';
  expect(parseAllowlist(text)).toEqual(['*.c.example', 'a.example', 'b.example']);
});

it.each([
  'https://a.example',
  'a.example/path',
  'a.example:443',
  'user@a.example',
  '*',
  '*.com',
  'a.*.example',
  'a b',
  '0x7f.1',
  '-',
  'a..example',
])('the line %j is refused, and the others are not forgotten', (line) => {
  const text = `ok.example\n${line}\n${line}\n`;
  expect(() => parseAllowlist(text)).toThrow(PipelockError);
  expect(() => parseAllowlist(text)).toThrow(/line 2.*line 3/);
});

it('a list without a host is refused', () => {
  expect(() => parseAllowlist('# nothing\n')).toThrow('the list holds no host');
});
