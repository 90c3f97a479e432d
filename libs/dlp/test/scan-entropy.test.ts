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
