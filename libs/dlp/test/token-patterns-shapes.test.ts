import { describe, expect, it } from 'vitest';
import { chars } from './support/token-samples.ts';
import { bytes, scannerFor, secret } from './support/values.ts';
import { leastCost } from './support/least-cost.ts';

const scanner = scannerFor(secret, { detectors: ['token_patterns'] });
const rulesIn = (text: string): string[] =>
  scanner.scanBytes(bytes(text), 'body').map((finding) => finding.rule.replace('token_patterns/', ''));

const hex = '0123456789abcdef';
const uuid = [8, 4, 4, 4, 12].map((length) => chars(hex, length)).join('-');

/** Shapes that their vendors describe beside those of the samples: the rule, what it begins with, and the rest. */
const shapes = [
  ['vault-token', 'hvr.', chars('abcXYZ0123', 24)],
  ['vault-token', 'hvb.', chars('abcXYZ0123_-', 138)],
  ['supabase-token', 'sbp_oauth_', chars(hex, 40)],
  ['infisical-token', `st.${uuid}.`, chars(hex, 32)],
  ['infisical-token', `st.${uuid}.`, `${chars(hex, 32)}.${chars(hex, 32, 'key')}`],
] as const;

const cost = (text: Buffer): number => leastCost(() => scanner.scanBytes(text, 'body'));

describe('other shapes of one rule', () => {
  it.each(shapes)('%s that begins with %s is found', (id, start, rest) => {
    expect(rulesIn(JSON.stringify({ token: start + rest }))).toEqual([id]);
    expect(rulesIn(`TOKEN='${start}${rest}'\n`)).toEqual([id]);
    expect(rulesIn(`a=1&t=${encodeURIComponent(start + rest)}`)).toContain(id);
  });

  it.each(shapes)('%s that begins with %s is never shown', (_, start, rest) => {
    const shown = JSON.stringify(scanner.scanBytes(bytes(`before ${start}${rest} after`), 'body'));
    expect(shown).not.toContain(rest.slice(-12));
  });

  it.each(shapes)('%s that begins with %s is none without its end', (_, start, rest) => {
    expect(rulesIn(`"${start}${rest.slice(0, 23)}"`)).toEqual([]);
  });

  it.each(shapes)('%s is none where a word ends in %s', (id, start, rest) => {
    expect(rulesIn(`"x${start}${rest}"`)).not.toContain(id);
  });

  it.each([
    ['a UUID alone', `st.${uuid}`],
    ['a UUID and an address', `st.${uuid}.example.test`],
    ['a document and its digest', `st.${chars(hex, 24)}.${chars(hex, 32)}`],
    ['a secret of another length', `st.${uuid}.${chars(hex, 40)}`],
    ['a token of Supabase of another kind', `sbp_other_${chars(hex, 40)}`],
  ])('%s is none', (_, text) => {
    expect(rulesIn(`"${text}"`)).toEqual([]);
  });

  it.each(shapes)('%s that begins with %s has no worst case', (_, start, rest) => {
    const near = (size: number): Buffer => {
      const parts = [start, `${start}${rest.slice(0, -1)}~ `, `${start}${rest}x`];
      return bytes(parts.map((part) => part.repeat(size / 3 / part.length)).join(' '));
    };
    // eight times the input; quadratic work would be 64 times. The floor absorbs the clock.
    expect(cost(near(256 * 1024))).toBeLessThan(24 * Math.max(cost(near(32 * 1024)), 2000));
  });
});
