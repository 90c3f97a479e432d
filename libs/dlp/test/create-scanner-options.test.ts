import { createScanner, defaultOutbound, DlpError, encodingsOf } from '@bot-bottle/dlp';
import { describe, expect, it } from 'vitest';
import { bytes, madeUp, secret } from './support/values.ts';

const options = { detectors: [], knownSecrets: [], canaries: [], allow: [] } as const;
const codeOf = (work: () => unknown): string | null => {
  try {
    work();
    return null;
  } catch (error) {
    return DlpError.isInstance(error) ? error.code : 'other';
  }
};

describe('createScanner', () => {
  it('refuses what would scan nothing or suppress everything', () => {
    expect(codeOf(() => createScanner({ ...options, allow: [{}] }))).toBe('invalid_options');
    expect(codeOf(() => createScanner({ ...options, canaries: [{ name: '', value: secret }] }))).toBe(
      'invalid_options',
    );
    expect(codeOf(() => createScanner({ ...options, detectors: JSON.parse('["tokens"]') }))).toBe(
      'invalid_options',
    );
  });

  it('searches known values only when asked to', () => {
    const scanner = createScanner({
      ...options,
      detectors: ['canary'],
      knownSecrets: [{ name: 'A', value: secret }],
    });
    expect(scanner.scanBytes(bytes(secret), 'websocket')).toEqual([]);
  });
});

describe('defaultOutbound', () => {
  it('looks for known values on provider routes and for everything elsewhere', () => {
    expect(defaultOutbound('provider')).toEqual({ outbound: ['known_secrets', 'canary'], onMatch: 'redact' });
    expect(defaultOutbound('manifest')).toEqual({
      outbound: ['known_secrets', 'token_patterns', 'canary', 'crlf'],
      onMatch: 'block',
    });
  });
});

describe('encodingsOf', () => {
  it('gives the spellings to look for, each of which the scanner finds', () => {
    const scanner = createScanner({
      ...options,
      detectors: ['known_secrets'],
      knownSecrets: [{ name: 'A', value: secret }],
    });
    const forms = encodingsOf(secret);
    expect(forms.length).toBeGreaterThan(100);
    expect(forms).toContain(secret);
    expect(forms).toContain(Buffer.from(secret).toString('hex').toUpperCase());
    for (const form of forms)
      expect(scanner.scanBytes(bytes(`"${form}"`), 'body').length, form).toBeGreaterThan(0);
  });

  it('gives only the value itself when it is too short to be searched', () => {
    expect(encodingsOf(madeUp('s', 5))).toEqual([madeUp('s', 5)]);
    expect(encodingsOf('')).toEqual([]);
  });
});
