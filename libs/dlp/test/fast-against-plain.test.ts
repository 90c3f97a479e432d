import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiOf, farFromAscii } from '../src/layers/ascii-of.ts';
import { decodeRuns } from '../src/layers/decode-runs.ts';
import { skeletonOf, skeletonStarts } from '../src/layers/skeleton.ts';
import { unescapeOnce } from '../src/layers/unescape.ts';
import { tokenRules } from '../src/tokens/rules/index.ts';
import type { TokenRule } from '../src/tokens/token-rule.ts';
import { TokenSearch } from '../src/tokens/token-search.ts';
import { samples } from './support/token-samples.ts';
import { bytes } from './support/values.ts';

const runs = { numRuns: 300 };
const chars = (alphabet: string, max: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...Array.from(alphabet)), { maxLength: max })
    .map((characters) => characters.join(''));
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
function withoutBody(rule: TokenRule): TokenRule {
  const copy: { -readonly [Key in keyof TokenRule]: TokenRule[Key] } = { ...rule };
  delete copy.body;
  return copy;
}

/** Bytes at an address that is a multiple of nothing. */
const shifted = (content: Uint8Array, by: number): Uint8Array =>
  Buffer.concat([Buffer.alloc(by), content]).subarray(by);

describe('a skeleton that is read four bytes at a time', () => {
  const piece = fc.oneof(
    chars('abnrtv09AZ\\\\%-_ .{}', 12).map((text) => bytes(text)),
    fc.constantFrom('а', 'ﬀ', 'é', '中', '가', '\u200b', '𝐀', 'Ａ', '〇').map((text) => bytes(text)),
    fc.uint8Array({ maxLength: 3 }),
  );

  it('is that of one byte after the other', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(4), (pieces, by) => {
        const text = shifted(Buffer.concat(pieces), by);
        // the places are found one byte after the other
        const expected = Array.from(skeletonStarts(text), (start) => {
          const byte = text[start] ?? 0;
          if (byte < 0x80) return byte;
          const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
          const character = Buffer.from(text.subarray(start, start + length)).toString('utf8');
          // overlong spellings, which the platform does not take
          if (character.includes('\ufffd')) return -1;
          return asciiOf(character.codePointAt(0) ?? 0);
        });
        const actual = Array.from(skeletonOf(text));
        expect(actual.map((byte, i) => (expected[i] === -1 ? -1 : byte))).toEqual(expected);
      }),
      runs,
    );
  });

  it('passes over no letter that looks like one of ASCII', () => {
    for (let codePoint = 0x800; codePoint < 0x10000; codePoint++) {
      if (farFromAscii[codePoint >> 6] === 1) expect(asciiOf(codePoint)).toBe(0);
    }
  });
});

describe('runs that are decoded four characters at a time', () => {
  const run = fc.oneof(
    chars(`${alphabet}+`, 90),
    chars('0123456789abcdef', 90),
    chars('0123456789ABCDEF', 40),
    chars(`${alphabet}`, 9),
  );

  it('stand for what the platform says', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 12 }), fc.nat(4), (texts, by) => {
        const decoded = decodeRuns(shifted(bytes(` "${texts.join('" "')}" `), by));
        const contents = Buffer.from(decoded?.bytes ?? []).toString('latin1');
        for (const text of texts.filter((each) => each.length >= 24)) {
          const isHex = /^(?:[0-9a-f]|[0-9A-F])+$/i.test(text);
          const content = Buffer.from(text, isHex ? 'hex' : 'base64').toString('latin1');
          expect(contents).toContain(`${content}\0`);
        }
      }),
      runs,
    );
  });
});

describe('escapes that are searched four bytes at a time', () => {
  it('of percent-encoding are undone wherever they stand', () => {
    const piece = fc.oneof(
      chars('%0123456789abcdefABCDEFxyz ', 9),
      chars('abc', 9),
      fc.constantFrom('%41', '%e4', '%'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.nat(4), (pieces, by) => {
        const text = pieces.join('');
        const expected = text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        );
        const undone = unescapeOnce(shifted(Buffer.from(text, 'latin1'), by));
        expect(undone === null ? text : Buffer.from(undone.bytes).toString('latin1')).toBe(expected);
      }),
      runs,
    );
  });
});

describe('what a rule says of the body of its credentials', () => {
  const searches = [tokenRules, tokenRules.map(withoutBody)].map((rules) => new TokenSearch(rules));
  const sample = fc.constantFrom(...Object.values(samples)).map((make) => make());
  const anchor = fc.constantFrom(...tokenRules.flatMap((rule) => rule.anchors));
  const piece = fc.oneof(
    sample,
    sample.map((text) => Array.from(text).toReversed().join('')),
    fc
      .tuple(sample, fc.nat(60), fc.constantFrom(...Array.from('aZ0-_./+=:@ "\xa0')))
      .map(([text, at, char]) => text.slice(0, at) + char + text.slice(at + 1)),
    fc.tuple(sample, fc.nat(60)).map(([text, at]) => text.slice(0, at)),
    fc.tuple(anchor, chars(`${alphabet}-_./:@`, 70)).map((parts) => parts.join('')),
    chars(`"' =:${alphabet}`, 9),
  );

  it('keeps nothing from being found', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.nat(4), (pieces, by) => {
        const text = shifted(Buffer.from(pieces.join(''), 'latin1'), by);
        const [fast, slow] = searches.map((search) =>
          search.search(text, 256, () => true).map((hit) => `${hit.rule.id} ${hit.start} ${hit.value}`),
        );
        expect(fast).toEqual(slow);
      }),
      { numRuns: 1000 },
    );
  });
});
