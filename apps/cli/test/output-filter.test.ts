import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputFilter } from '../src/terminal/output-filter.ts';

const esc = '\u001b';

function filtered(text: string | Buffer, cut = 1_000_000): string {
  const bytes = Buffer.from(text);
  const filter = new OutputFilter();
  const out = [];
  for (let at = 0; at < bytes.length; at += cut) out.push(filter.push(bytes.subarray(at, at + cut)));
  return Buffer.concat(out).toString('utf8');
}

describe('passes', () => {
  it.each([
    ['text', 'plain text, ümläut, 日本語, 👩‍🚀\r\n\t'],
    ['colours', `${esc}[1;38;2;255;0;0mred${esc}[0m`],
    ['cursor movement', `${esc}[2J${esc}[H${esc}[10;20H${esc}[3A${esc}[K`],
    ['the alternate screen', `${esc}[?1049h${esc}[?25l`],
    ['mouse and paste modes', `${esc}[?1000h${esc}[?1006h${esc}[?2004h`],
    ['keyboard flags', `${esc}[>1u${esc}[<u`],
    ['cursor shapes', `${esc}[5 q`],
    ['scrolling regions', `${esc}[1;20r${esc}M${esc}D`],
    ['character sets', `${esc}(0lqk${esc}(B`],
    ['titles', `${esc}]0;✳ working${'\u0007'}`],
    ['titles ended by ST', `${esc}]2;title${esc}\\`],
    ['links', `${esc}]8;;https://example.com/${esc}\\text${esc}]8;;${esc}\\`],
    ['saved cursors', `${esc}7${esc}8`],
  ])('%s', (_what, text) => {
    expect(filtered(text)).toBe(text);
    expect(filtered(text, 1)).toBe(text);
  });
});

describe('removes', () => {
  it.each([
    ['the clipboard', `a${esc}]52;c;aGk=${'\u0007'}b`],
    ['the clipboard ended by ST', `a${esc}]52;c;aGk=${esc}\\b`],
    ['the clipboard with leading zeros', `a${esc}]052;c;aGk=${'\u0007'}b`],
    ['asking for the clipboard', `a${esc}]52;c;?${'\u0007'}b`],
    ['files of iTerm2', `a${esc}]1337;File=inline=1:AAAA${'\u0007'}b`],
    ['notifications', `a${esc}]777;notify;x;y${'\u0007'}b`],
    ['asking for colours', `a${esc}]11;?${'\u0007'}b`],
    ['links to files', `a${esc}]8;;file:///etc/passwd${esc}\\b`],
    ['links to other schemes', `a${esc}]8;;ssh://x -oProxyCommand=y${esc}\\b`],
    ['DCS', `a${esc}P$q"p${esc}\\b`],
    ['sixels', `a${esc}Pq#0;2;0;0;0${esc}\\b`],
    ['APC', `a${esc}_Gf=100;AAAA${esc}\\b`],
    ['PM', `a${esc}^secret${esc}\\b`],
    ['SOS', `a${esc}Xsecret${esc}\\b`],
    ["screen's titles", `a${esc}kname${esc}\\b`],
    ['asking who it is', `a${esc}[cb`],
    ['asking who it is, second form', `a${esc}[>cb`],
    ['asking who it is, third form', `a${esc}[=cb`],
    ['asking who it is, old form', `a${esc}Zb`],
    ['asking for the version', `a${esc}[>qb`],
    ['asking for the status', `a${esc}[5nb`],
    ['asking for the cursor', `a${esc}[6nb`],
    ['asking for the cursor, extended', `a${esc}[?6nb`],
    ['asking for modes', `a${esc}[?2026$pb`],
    ['asking for keyboard flags', `a${esc}[?ub`],
    ['asking for key settings', `a${esc}[?4mb`],
    ['asking for the title', `a${esc}[21tb`],
    ['asking for the size', `a${esc}[18tb`],
    ['moving the window', `a${esc}[3;0;0tb`],
    ['asking for parameters', `a${esc}[xb`],
    ['printing', `a${esc}[5ib`],
    ['checksums of the screen', `a${esc}[1;1;1;1;1;1*yb`],
    ['ENQ', 'a\u0005b'],
    ['8-bit controls in UTF-8', 'a\u009b\u009d\u0090b'],
    ['8-bit controls', Buffer.from([0x61, 0x9b, 0x9d, 0x90, 0x62])],
    ['a control in a title', `a${esc}]0;x\u009c${'\u0007'}b`],
    ['a title that is too long', `a${esc}]0;${'x'.repeat(10_000)}${'\u0007'}b`],
    ['a sequence that is too long', `a${esc}[${'1;'.repeat(1000)}mb`],
  ])('%s', (_what, text) => {
    expect(filtered(text)).toBe('ab');
    expect(filtered(text, 1)).toBe('ab');
  });
});

it('is not confused by a sequence inside another', () => {
  expect(filtered(`${esc}[3${esc}]52;c;aGk=\u0007x`)).toBe('x');
  expect(filtered(`${esc}]0;a${esc}]52;c;aGk=\u0007x`)).toBe('x');
  expect(filtered(`${esc}P${esc}[6nx${esc}[31my`)).not.toContain('[6n');
  expect(filtered(`${esc}${esc}]52;c;aGk=\u0007x`)).toBe('x');
});

it('shows what comes after a cancelled sequence', () => {
  expect(filtered(`${esc}P never ended \u0018shown`)).toBe('shown');
});

it('gives the same whatever the cuts, and nothing dangerous ever', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      esc,
      `${esc}[`,
      `${esc}]`,
      '52;c;',
      `${esc}P`,
      `${esc}\\`,
      '\u0007',
      '\u009b',
      '6n',
      '?',
      ';',
      'm',
      'c',
    ),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (pieces, cut) => {
      const text = pieces.join('');
      const whole = filtered(text);
      expect(filtered(text, cut)).toBe(whole);
      // What was filtered once holds nothing that is filtered again: no combination became dangerous.
      expect(filtered(whole)).toBe(whole);
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      expect(whole).not.toMatch(/\u001b[P_^X]|\u001b\]52|\u001b\[[0-9;?>=]*[cn]|[\u0080-\u009f\u0005]/);
    }),
    { numRuns: 2000 },
  );
});
