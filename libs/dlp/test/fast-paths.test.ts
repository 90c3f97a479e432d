import { describe, expect, it } from 'vitest';
import { tokenRules } from '../src/tokens/rules/index.ts';
import { TokenSearch } from '../src/tokens/token-search.ts';
import { samples } from './support/token-samples.ts';
import { bytes, scannerFor, secret } from './support/values.ts';

const rule = 'known_secrets/EGRESS_TOKEN_0';
const places = Array.from({ length: 24 }, (_, at) => at);

describe('what is looked at in strides', () => {
  it.each(Object.entries(samples))('finds %s at every place of a text', (id, sample) => {
    const search = new TokenSearch(tokenRules);
    for (const at of places) {
      // the view starts at odd addresses too
      const text = bytes(`${'.'.repeat(at)} ${sample()}`).subarray(at % 5);
      const found = search.search(text, 256, () => true).map((hit) => hit.rule.id);
      expect(found, `at ${at}`).toContain(id);
    }
  });

  it('finds a credential wherever a piece of a long text ends that is made characters at once', () => {
    const search = new TokenSearch(tokenRules);
    const jwt = samples['jwt']?.() ?? '';
    const key = samples['private-key']?.() ?? '';
    // the first one makes it begin, and so much is left of it that a credential could still be whole
    const first = `..."${samples['npm-token']?.() ?? ''}" `;
    for (const end of [256 * 1024, 192 * 1024]) {
      for (let at = end - key.length - 40; at < end + 40; at += 29) {
        const before = `${first}${'. '.repeat(at)}`.slice(0, at);
        const text = bytes(`${before} ${key} "${jwt}" ${'. '.repeat(at)} "${jwt}"`).subarray(at % 3);
        const found = search.search(text, 256, () => true).map((hit) => hit.rule.id);
        expect(found, `${at}`).toEqual(['npm-token', 'private-key', 'jwt', 'jwt']);
      }
    }
  });

  it('finds anchors of three at every place, whatever may stand before them', () => {
    const short = tokenRules.filter((each) => each.anchors.some((anchor) => anchor.length === 3));
    const rules = short.map((each) => ({ id: each.id, severity: each.severity, notAfter: each.notAfter }));
    const search = new TokenSearch(rules.map((each) => ({ ...each, anchors: ['q#z'], pattern: /q#z/y })));
    for (const before of Array.from({ length: 256 }, (_, byte) => byte)) {
      const expected = rules.filter((each) => each.notAfter?.test(String.fromCharCode(before)) !== true);
      for (const at of places) {
        const text = Buffer.concat([
          bytes('n'.repeat(at)),
          Buffer.from([before]),
          bytes(`q#z${'.'.repeat(at % 9)}`),
        ]);
        expect(search.search(text, 1e6, () => true)).toHaveLength(expected.length);
      }
    }
  });

  const scanner = scannerFor(secret);
  const rulesIn = (text: Uint8Array): string[] =>
    scanner.scanBytes(text, 'body').map((finding) => finding.rule);

  it('finds a value with an escaped line break at every distance from another backslash', () => {
    for (let gap = 480; gap < 540; gap++) {
      for (const cut of [9, 18, 27]) {
        const text = `${'\\'}${'.'.repeat(gap)}${secret.slice(0, cut)}\\n${secret.slice(cut)} ${'.'.repeat(600)}`;
        expect(rulesIn(bytes(text)), `${gap} ${cut}`).toContain(rule);
      }
    }
  });

  it('keeps a letter that follows no backslash', () => {
    const value = secret.replace(/^./, 'n');
    for (let gap = 505; gap < 520; gap++) {
      const text = bytes(`\\${'.'.repeat(gap)}${value.slice(0, 9)}-${value.slice(9)}`);
      expect(scannerFor(value).scanBytes(text, 'body').length, `${gap}`).toBe(1);
    }
  });

  it('finds a value in long base64 of either alphabet, wherever it stands in it', () => {
    // only what the decoded text reads like shows it
    const dotted = Array.from(secret).join('.');
    for (let before = 2900; before < 3150; before += 7) {
      const content = bytes(`${'? >'.repeat(before).slice(0, before)} ${dotted} ${'? >'.repeat(2000)}`);
      expect(rulesIn(bytes(content.toString('base64'))), `${before}`).toContain(rule);
      expect(rulesIn(bytes(content.toString('base64url'))), `${before}`).toContain(rule);
      const wrapped = content.toString('base64').replaceAll(/(.{4099})/g, '$1\r\n');
      expect(rulesIn(bytes(wrapped)), `${before}`).toContain(rule);
    }
  });

  it('finds a value in overlong UTF-8, which some readers accept', () => {
    const overlong = Buffer.concat(
      Array.from(bytes(secret), (byte) => Buffer.from([0xc0 | (byte >> 6), 0x80 | (byte & 0x3f)])),
    );
    expect(rulesIn(overlong)).toContain(rule);
  });
});
