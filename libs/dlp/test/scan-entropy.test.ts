import { createHash } from 'node:crypto';
import { createScanner, type HeadSurfaces } from '@bot-bottle/dlp';
import { describe, expect, it } from 'vitest';

const scanner = createScanner({ detectors: ['entropy'], knownSecrets: [], canaries: [], allow: [] });
const head: HeadSurfaces = { host: 'api.example.test', path: '/', query: null, headers: [] };
const random = (seed: string, encoding: 'base64' | 'base64url' | 'hex'): string =>
  createHash('sha512').update(seed).digest().toString(encoding).slice(0, 48);
const rulesIn = (part: Partial<HeadSurfaces>): string[] =>
  scanner.scanHead({ ...head, ...part }).map((finding) => finding.rule);

describe('random runs', () => {
  it.each<[string, Partial<HeadSurfaces>]>([
    ['entropy/path', { path: `/upload/${random('a', 'base64url')}` }],
    ['entropy/path', { path: `/x/${random('b', 'hex')}.json` }],
    ['entropy/query', { query: `q=${random('c', 'base64')}` }],
    ['entropy/query', { query: `a=1&d=${createHash('sha1').update('d').digest('hex')}` }],
    ['entropy/host', { host: `${random('e', 'hex').slice(0, 40)}.example.test` }],
    ['entropy/host', { host: `${random('f', 'hex').slice(0, 20)}.${random('g', 'hex').slice(0, 20)}.test` }],
  ])('are found: %s', (rule, part) => {
    expect(rulesIn(part)).toEqual([rule]);
  });

  it('have a place and are masked', () => {
    const run = random('h', 'base64url');
    const [finding] = scanner.scanHead({ ...head, path: `/p/${run}/q` });
    expect(finding).toMatchObject({ surface: 'path', offset: 3, length: run.length, severity: 'low' });
    expect(JSON.stringify(finding)).not.toContain(run.slice(0, 8));
  });
});

describe('a path full of random runs', () => {
  const pathOf = (count: number): string =>
    Array.from({ length: count }, (_, i) => `/${random(`${i}`, 'base64url')}`).join('');

  it('costs no more than its length', () => {
    const cost = (path: string): number => {
      const start = process.cpuUsage().user;
      scanner.scanHead({ ...head, path });
      return process.cpuUsage().user - start;
    };
    const [small, large] = [pathOf(500), pathOf(8000)];
    scanner.scanHead({ ...head, path: small });
    // sixteen times the input; quadratic work would be 256 times. The floor absorbs the clock.
    expect(cost(large)).toBeLessThan(48 * Math.max(cost(small), 4000));
  });

  it('may be one run of megabytes', () => {
    expect(rulesIn({ path: `/${random('long', 'base64url').repeat(200_000)}` })).toEqual(['entropy/path']);
  });

  it('gives no more findings than a body does', () => {
    expect(rulesIn({ path: pathOf(1000) })).toHaveLength(256);
  });

  it('of which all but the last are allowed does not hide that one', () => {
    const allowed = random('allowed', 'base64url');
    const sha256 = createHash('sha256').update(allowed).digest('hex');
    const own = scanner.allowing([{ sha256 }]);
    const path = `${`/${allowed}`.repeat(1000)}/${random('other', 'base64url')}`;
    expect(own.scanHead({ ...head, path })).toHaveLength(1);
  });
});

describe('other long names', () => {
  it.each<[string, Partial<HeadSurfaces>]>([
    ['words', { path: '/blog/how-to-run-a-coding-agent-as-if-it-might-be-compromised' }],
    ['an identifier', { path: '/docs/createInboundScannerWithDefaultOptions' }],
    ['a version', { path: '/pkg/-/typescript-eslint-parser-8.41.0-canary.20260101.tgz' }],
    ['a commit', { path: `/repo/archive/${createHash('sha1').update('x').digest('hex')}.tar.gz` }],
    ['a layer', { path: `/v2/app/blobs/sha256:${createHash('sha256').update('x').digest('hex')}` }],
    ['a UUID', { path: '/items/3f1c8b52-7d0e-4a19-9b56-2f8f6f0b7c11' }],
    ['a cloud host', { host: 'ec2-52-14-201-33.us-east-2.compute.amazonaws.com' }],
    ['a date and words', { query: 'since=2026-01-01T00:00:00Z&sort=created_at_descending_order_first' }],
    ['headers', { headers: [['X-Trace', random('t', 'hex')]] }],
  ])('are not: %s', (_, part) => {
    expect(rulesIn(part)).toEqual([]);
  });
});
