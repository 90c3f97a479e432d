import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spellings } from './support/spellings.ts';
import { bytes, canary, madeUp, plainBody, scannerFor, secret } from './support/values.ts';

describe('a known value', () => {
  const scanner = scannerFor(secret);

  it.each(Object.entries(spellings))('is found as %s', (_, spell) => {
    const findings = scanner.scanBytes(bytes(`{"note": "${spell(secret)}"}`), 'body');
    expect(findings.map((finding) => finding.rule)).toContain('known_secrets/EGRESS_TOKEN_0');
  });

  it.each(Object.entries(spellings))('that is another one is not found as %s', (_, spell) => {
    expect(scanner.scanBytes(bytes(`{"note": "${spell(madeUp('other', 36))}"}`), 'body')).toEqual([]);
  });

  it.each(Object.entries(spellings))('is never in a finding about it as %s', (_, spell) => {
    const text = `${spell(secret)} ${secret} "${spell(secret)}"`;
    const shown = JSON.stringify(scanner.scanBytes(bytes(text), 'body'));
    expect(shown).not.toContain(secret);
    for (let at = 0; at + 10 <= spell(secret).length; at++) {
      const piece = spell(secret).slice(at, at + 10);
      // signs and padding alone tell nothing
      if (new Set(piece.replaceAll(/[^A-Za-z0-9]/g, '')).size > 6) expect(shown).not.toContain(piece);
    }
  });

  it('is found whatever it is and wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii', minLength: 20, maxLength: 90 }),
        fc.constantFrom(
          ...Object.entries(spellings).filter(
            ([name]) => !/dashes|spaces|breaks|width|hyphens|accents|list|lines|colons/.test(name),
          ),
        ),
        fc.nat(70),
        (value, [, spell], gap) => {
          fc.pre(value.trim() === value && !/[%\\&]/.test(value) && new Set(value).size > 6);
          const text = `${' .'.repeat(gap)}"${spell(value)}"`;
          expect(scannerFor(value).scanBytes(bytes(text), 'body').length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('holding escapes itself is found escaped once more', () => {
    const value = `100%41${madeUp('p', 14)}\\u0042"'${madeUp('q', 8)}`;
    const own = scannerFor(value);
    for (const text of [
      value,
      JSON.stringify(value),
      encodeURIComponent(value),
      Buffer.from(value).toString('base64'),
    ]) {
      expect(own.scanBytes(bytes(`a ${text} b`), 'body').length).toBeGreaterThan(0);
    }
  });

  it('of several lines is found with its lines joined, escaped or wrapped anew', () => {
    const key = `-----BEGIN X-----\n${(madeUp('k', 256).match(/.{64}/g) ?? []).join('\n')}\n-----END X-----\n`;
    const own = scannerFor(key);
    const body = key.split('\n').slice(1, -2).join('');
    const texts = [
      key,
      JSON.stringify(key),
      body,
      body.replaceAll(/.{48}/g, '$&\r\n'),
      Buffer.from(key).toString('base64'),
    ];
    for (const text of texts) expect(own.scanBytes(bytes(text), 'body').length).toBeGreaterThan(0);
    expect(own.scanBytes(bytes('-----BEGIN X-----\n-----END X-----\n'), 'body')).toEqual([]);
  });

  it('under eight bytes is not searched, under sixteen only whole', () => {
    const short = madeUp('short', 7);
    expect(scannerFor(short).scanBytes(bytes(short), 'body')).toEqual([]);
    const middle = madeUp('middle', 12);
    expect(scannerFor(middle).scanBytes(bytes(Buffer.from(middle).toString('base64')), 'body')).toHaveLength(
      1,
    );
    expect(scannerFor(middle).scanBytes(bytes(Array.from(middle).join('-')), 'body')).toEqual([]);
  });

  it('is searched without the white space around it', () => {
    expect(scannerFor(`${secret}\n`).scanBytes(bytes(`x${secret}x`), 'body')).toHaveLength(1);
  });

  it('is found although the scanned text says that it should not be', () => {
    const text = `${secret} # gitleaks:allow dlp:ignore nosec pragma: allowlist secret`;
    expect(scanner.scanBytes(bytes(text), 'body')).toHaveLength(1);
  });

  it('is found in a look-alike alphabet', () => {
    const value = `acepoxy${madeUp('cyr', 20)}`;
    const cyrillic = value.replaceAll(/[aceopxy]/g, (char) => 'асеорху'['aceopxy'.indexOf(char)] ?? char);
    expect(cyrillic).not.toBe(value);
    expect(scannerFor(value).scanBytes(bytes(cyrillic), 'body')).toHaveLength(1);
  });

  it('is told apart from a canary', async () => {
    const both = scannerFor(secret, { detectors: ['known_secrets', 'canary'] });
    const found = await both.scanBody(bytes(`${canary} ${secret}`), plainBody);
    expect(found.map((finding) => finding.rule).toSorted()).toEqual([
      'canary/CANARY',
      'known_secrets/EGRESS_TOKEN_0',
    ]);
    expect(await scannerFor(secret).scanBody(bytes(canary), plainBody)).toEqual([]);
  });

  it('is found at any alignment of the memory it stands in', () => {
    for (let shift = 0; shift < 8; shift++) {
      for (let before = 0; before < 8; before++) {
        const memory = Buffer.alloc(256);
        const view = memory.subarray(shift, shift + before + secret.length);
        view.write(secret, before);
        expect(scanner.scanBytes(view, 'body'), `${shift} ${before}`).toMatchObject([
          { offset: before, length: secret.length },
        ]);
      }
    }
  });
});
