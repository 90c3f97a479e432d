import { createScanner, FragmentWindow } from '@bot-bottle/dlp';
import type { HeadSurfaces } from '@bot-bottle/dlp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scannerFor, secret } from './support/values.ts';

const detectors = ['known_secrets', 'token_patterns', 'canary', 'crlf'] as const;
const clean: HeadSurfaces = {
  host: 'api.example.net',
  path: '/v1/items',
  query: null,
  headers: [
    ['Accept', '*/*'],
    ['X-One', 'some words'],
  ],
};

describe('a head that was clean before', () => {
  it('is clean again, and does not let another one pass', () => {
    const scanner = scannerFor(secret, { detectors: [...detectors] });
    for (let i = 0; i < 3; i += 1) {
      expect(scanner.scanHead(clean)).toEqual([]);
      expect(scanner.scanHead({ ...clean, query: secret })).not.toEqual([]);
      expect(scanner.scanHead({ ...clean, path: `/v1/${secret}` })).not.toEqual([]);
      const headers: HeadSurfaces['headers'] = [...clean.headers.slice(0, 1), ['X-One', secret]];
      expect(scanner.scanHead({ ...clean, headers })).not.toEqual([]);
      expect(scanner.scanHead({ ...clean, headers: [...clean.headers, [secret, '']] })).not.toEqual([]);
    }
  });

  it('is not another one with the same texts in other places', () => {
    const scanner = scannerFor(secret, { detectors: [...detectors] });
    // in a path this breaks the line of a request, in a query it is text
    const breaks = '/a%0d%0aX-Evil:%201';
    const inQuery = { ...clean, path: '/', query: breaks };
    expect(scanner.scanHead(inQuery)).toEqual([]);
    expect(scanner.scanHead({ ...clean, path: breaks, query: '/' })).not.toEqual([]);
    expect(scanner.scanHead({ ...clean, path: breaks, query: null })).not.toEqual([]);
    expect(scanner.scanHead(inQuery)).toEqual([]);
  });

  it('is remembered as it was, whatever becomes of the object that it came in', () => {
    const scanner = scannerFor(secret, { detectors: [...detectors] });
    const headers: Array<[string, string]> = [['X-One', 'words']];
    expect(scanner.scanHead({ ...clean, headers })).toEqual([]);
    headers.push(['X-Two', secret]);
    expect(scanner.scanHead({ ...clean, headers })).not.toEqual([]);
  });

  it('does not hide parts of a value that leave with it again and again', () => {
    const fragments = new FragmentWindow();
    const make = () =>
      createScanner({
        detectors: [...detectors],
        knownSecrets: [{ name: 'S', value: secret }],
        canaries: [],
        allow: [],
        fragments,
      });
    const scanner = make();
    const half = Math.floor(secret.length / 2);
    const first = { ...clean, query: `a=${secret.slice(0, half)}` };
    for (let i = 0; i < 3; i += 1) expect(scanner.scanHead(first)).toEqual([]);
    const second = { ...clean, query: `a=${secret.slice(half)}` };
    expect(make().scanHead(second)).not.toEqual([]);
    expect(scanner.scanHead(second)).not.toEqual([]);
  });

  it('is judged as by a scanner that has seen nothing, in any order of heads', () => {
    const part = fc.constantFrom('x', 'y', secret, secret.slice(0, 20), '%0d%0aA:b', '');
    const heads = fc.record({
      host: fc.constantFrom('a.example', 'b.example'),
      path: part.map((text) => `/${text}`),
      query: fc.option(part, { nil: null }),
      headers: fc.array(fc.tuple(fc.constantFrom('A', 'B'), part), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(heads, { minLength: 1, maxLength: 40 }), (sent) => {
        const scanner = scannerFor(secret, { detectors: [...detectors] });
        for (const head of sent) {
          const fresh = scannerFor(secret, { detectors: [...detectors] });
          expect(scanner.scanHead(head)).toEqual(fresh.scanHead(head));
        }
      }),
      { numRuns: 15 },
    );
  });
});
