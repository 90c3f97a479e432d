import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visibleLine, visibleText } from '@bot-bottle/audit';

const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}\p{Cs}\p{Co}]/u;

const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom(
        '\u202e',
        '\u2066',
        '\u200b',
        '\ufeff',
        '\u{e0041}',
        '\u001b[2J',
        '\u009b31m',
        '\ud800',
        '\r\n',
        '\t',
      ),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

describe('visible text', () => {
  test('a line never holds anything invisible', () => {
    fc.assert(
      fc.property(hostile, (text) => !unsafe.test(visibleLine(text))),
      { numRuns: 2000 },
    );
  });

  test('a text never holds anything invisible but newlines and tabs', () => {
    fc.assert(
      fc.property(hostile, (text) => !unsafe.test(visibleText(text).replaceAll(/[\n\t]/g, ''))),
      { numRuns: 2000 },
    );
  });

  test('every code point of the planes is either safe or shown as an escape', () => {
    for (let point = 0; point <= 0x10ffff; point += 1) {
      const shown = visibleLine(String.fromCodePoint(point));
      if (unsafe.test(shown)) expect.fail(`U+${point.toString(16)} passes`);
    }
  });

  test('the length is never over the limit', () => {
    fc.assert(
      fc.property(
        hostile,
        fc.integer({ min: 1, max: 40 }),
        (text, limit) => visibleLine(text, limit).length <= limit,
      ),
      { numRuns: 2000 },
    );
  });

  test('showing what was shown changes nothing', () => {
    fc.assert(
      fc.property(hostile, (text) => visibleLine(visibleLine(text)) === visibleLine(text)),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['file\u202Etxt.exe', 'file\\u{202e}txt.exe'],
    ['\u001b]0;title\u0007', '\\u{1b}]0;title\\u{7}'],
    ['a\u200bb', 'a\\u{200b}b'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['one\ntwo\r\tthree', 'one\\ntwo\\r\\tthree'],
    ['\ud83d', '\\u{d83d}'],
    ['non\u00a0breaking', 'non\\u{a0}breaking'],
  ])('%j is shown as %j', (text, shown) => {
    expect(visibleLine(text)).toBe(shown);
  });

  test('letters of other scripts, emoji and single accents stay as they are', () => {
    for (const text of ['Grüße', 'naïve', 'e\u0301', '日本語', 'مرحبا', '🙂', 'हिन्दी'])
      expect(visibleLine(text)).toBe(text);
  });

  test('marks piled on one letter are shown as escapes', () => {
    expect(visibleLine(`a${'\u0301'.repeat(6)}`)).toBe(`a${'\u0301'.repeat(4)}\\u{301}\\u{301}`);
  });

  test('a mark cannot attach to what stands before the text', () => {
    expect(visibleLine('\u0338ok')).toBe('\\u{338}ok');
  });

  test('a text keeps newlines and tabs but not carriage returns', () => {
    expect(visibleText('a\n\tb\rc')).toBe('a\n\tb\\rc');
  });

  test('cutting never splits an escape or a code point', () => {
    expect(visibleLine('ab\u202ecd', 6)).toBe('ab…');
    expect(visibleLine('ab\u202ecd', 10)).toBe('ab…');
    expect(visibleLine('a🙂b', 3)).toBe('a…');
  });

  test('a huge text is cut in bounded time', () => {
    const started = performance.now();
    expect(visibleLine('\u202e'.repeat(5_000_000)).length).toBeLessThanOrEqual(1024);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
