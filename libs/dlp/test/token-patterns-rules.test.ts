import { describe, expect, it } from 'vitest';
import { isBech32 } from '../src/tokens/bech32.ts';
import { tokenRules } from '../src/tokens/rules/index.ts';
import { sourceOf } from '../src/tokens/sources.ts';
import { chars, samples } from './support/token-samples.ts';
import { bytes, scannerFor, secret } from './support/values.ts';
import { leastCost } from './support/least-cost.ts';

const scanner = scannerFor(secret, { detectors: ['token_patterns'] });
const rulesIn = (text: string): string[] =>
  scanner.scanBytes(bytes(text), 'body').map((finding) => finding.rule.replace('token_patterns/', ''));

/** Whether a rule has an anchor of three characters, before which a dash would be looked for everywhere. */
const isShort = (id: string): boolean =>
  tokenRules.find((rule) => rule.id === id)?.anchors.some((text) => text.length === 3) === true;

describe('credential formats', () => {
  it('are at least sixty, each with its own id and a sample', () => {
    expect(tokenRules.length).toBeGreaterThanOrEqual(60);
    expect(tokenRules.map((rule) => rule.id).toSorted()).toEqual(Object.keys(samples).toSorted());
  });

  it.each(Object.entries(samples))(
    '%s is found in JSON, in an assignment and in percent-encoding',
    (id, sample) => {
      expect(rulesIn(JSON.stringify({ token: sample() }))).toContain(id);
      expect(rulesIn(`TOKEN='${sample()}'\n`)).toContain(id);
      expect(rulesIn(`a=1&t=${encodeURIComponent(sample())}`)).toContain(id);
    },
  );

  it.each(Object.entries(samples))('%s on a line of its own in a string of JSON is found', (id, sample) => {
    const text = `one\n${sample()}\r\n\t${sample()}\n`;
    const sent = JSON.stringify({ content: text });
    expect(rulesIn(sent)).toContain(id);
    expect(rulesIn(sent.replaceAll('/', '\\/'))).toContain(id);
    expect(rulesIn(JSON.stringify({ tool: sent }))).toContain(id);
  });

  it.each(Object.entries(samples).filter(([id]) => !isShort(id)))(
    '%s on a line of a diff is found',
    (id, sample) => {
      for (const sign of ['-', '+']) {
        const lines = sample().split('\n');
        const diff = `@@ -1,2 +1,2 @@\n${lines.map((line) => sign + line).join('\n')}\n`;
        expect(rulesIn(diff)).toContain(id);
        expect(rulesIn(JSON.stringify({ diff }))).toContain(id);
      }
    },
  );

  it.each(Object.entries(samples))('%s in colour, as grep shows it, is found', (id, sample) => {
    const text = `1: \u001B[01;31m\u001B[K${sample()}\u001B[m\u001B[K`;
    expect(rulesIn(text)).toContain(id);
    expect(rulesIn(JSON.stringify({ out: `x\u001B[33m${sample()}` }))).toContain(id);
  });

  it.each(Object.entries(samples))('%s cut in half is not found', (id, sample) => {
    const text = sample();
    expect(rulesIn(`"${text.slice(0, Math.min(24, Math.ceil(text.length / 2) - 2))}"`)).not.toContain(id);
  });

  it.each(Object.entries(samples))('%s is never shown', (_, sample) => {
    const shown = JSON.stringify(scanner.scanBytes(bytes(`before ${sample()} after`), 'body'));
    expect(shown).not.toContain(sample().slice(-12));
  });

  it('name where their format is described', () => {
    for (const { id } of tokenRules) expect(sourceOf(id), id).toMatch(/^https:\/\/[a-z0-9.-]+\/\S+$/);
  });

  it('with a check of Bech32 are those whose check is right', () => {
    // the first is of BIP-173
    for (const text of ['A12UEL5L', samples['age-secret-key']?.() ?? '']) {
      expect(isBech32(text)).toBe(true);
      expect(isBech32(`${text.slice(0, -1)}${text.endsWith('Q') ? 'P' : 'Q'}`)).toBe(false);
    }
    expect(isBech32('a12UEL5L')).toBe(false);
    expect(isBech32('1qzzfhee')).toBe(false);
  });

  it.each(['age-secret-key', 'sentry-org-token', 'grafana-cloud-token', 'onepassword-service-token'])(
    '%s with another content is none',
    (id) => {
      const text = samples[id]?.() ?? '';
      const at = text.indexOf('eyJ') < 0 ? text.length - 10 : text.indexOf('eyJ') + 3;
      const other = text.slice(0, at) + (text[at] === 'Q' ? 'P' : 'Q') + text.slice(at + 1);
      expect(
        rulesIn(`"${id === 'age-secret-key' ? other : text.replace(/eyJ.{8}/, 'eyJAAAAAAAA')}"`),
      ).not.toContain(id);
    },
  );

  it.each(['ghp_', 'npm_'])('%s with a wrong check is none', (prefix) => {
    expect(rulesIn(`"${prefix}${chars('abcdefXYZ0123', 36)}"`)).toEqual([]);
  });

  it.each([
    ['an AWS key id with 0, 1, 8 or 9', `AKIA${'0189'.repeat(4)}`],
    ['a documented AWS key id', `AKIA${'IOSFODNN7'}EXAMPLE`],
    ['a JWT without alg', `${Buffer.from('{"typ":"JWT"}').toString('base64url')}.e30.${chars('abcDEF', 43)}`],
    ['three dotted words', 'eyJust.some.words-that-look-dotted'],
    ['a database on this machine', `postgres://app:${chars('abc123', 12)}@localhost/app`],
    ['a database with a placeholder', 'postgres://user:password@db.internal/app'],
    ['a template', 'postgres://${USER}:${PASSWORD}@db.internal/app'],
    ['the header of a key alone', `-----BEGIN ${'PRIVATE'} KEY-----\n...\n-----END`],
    ['a public key', `-----BEGIN PUBLIC KEY-----\n${chars('abcXYZ019', 64)}\n`],
    ['a placeholder', `sk_live_${'x'.repeat(24)}`],
    ['a word that ends in sk-', `desk-${chars('0123456789abcdef', 32)}`],
  ])('%s is none', (_, text) => {
    expect(rulesIn(`"${text}"`)).toEqual([]);
  });

  it.each(tokenRules.map((rule) => [rule.id, rule.pattern.source] as const))(
    '%s repeats nothing without an end',
    (_, source) => {
      const structure = source.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
      expect(structure).not.toMatch(/[*+]|\{\d+,\}/);
    },
  );

  it.each(tokenRules.map((rule) => [rule.id, rule.anchors] as const))(
    '%s costs no more where its anchors stand backwards',
    (_, anchors) => {
      const repeated = (text: string): number =>
        leastCost(() => scanner.scanBytes(bytes(text.repeat((64 * 1024) / text.length)), 'body'));
      for (const anchor of anchors) {
        const backwards = Array.from(anchor).toReversed().join('');
        expect(repeated(backwards)).toBeLessThan(12 * Math.max(repeated(anchor), 2000));
      }
    },
  );

  it.each(Object.entries(samples))('%s has no worst case that grows faster than its input', (id) => {
    const rule = tokenRules.find((each) => each.id === id);
    const anchors = rule?.anchors ?? [];
    const near = (size: number): string =>
      [
        anchors.map((anchor) => anchor.repeat(Math.ceil(size / 6 / anchor.length / anchors.length))).join(''),
        `${anchors[0]}${'a1B-'.repeat(size / 4)}`,
        `${anchors[0]}${'a'.repeat(30)} `.repeat(size / 4 / 40),
      ].join(' ');
    const time = (text: Buffer): number => leastCost(() => scanner.scanBytes(text, 'body'));
    const small = bytes(near(32 * 1024));
    const large = bytes(near(256 * 1024));
    // eight times the input: a quadratic rule takes 64 times as long; the floor absorbs the clock
    expect(time(large)).toBeLessThan(24 * Math.max(time(small), 2000));
  });
});
