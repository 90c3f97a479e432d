import type { HeadSurfaces } from '@bot-bottle/dlp';
import { describe, expect, it } from 'vitest';
import { samples } from './support/token-samples.ts';
import { madeUp, scannerFor, secret } from './support/values.ts';

const head = (change: Partial<HeadSurfaces>): HeadSurfaces => ({
  host: 'api.example.net',
  path: '/v1/items',
  query: null,
  headers: [['Accept', '*/*']],
  ...change,
});
const scanner = scannerFor(secret, { detectors: ['known_secrets', 'token_patterns', 'canary', 'crlf'] });
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const half = Math.floor(secret.length / 2);
const hex = Buffer.from(secret).toString('hex');

describe('a request head', () => {
  it('that is clean has no findings', () => {
    const clean = head({
      path: '/repos/a/b/commits/0123456789abcdef0123456789abcdef01234567',
      query: 'q=a+b&page=2&sig=%2Fx%20y',
      headers: [
        ['User-Agent', 'x/1.0'],
        ['If-None-Match', 'W/"0123456789abcdef"'],
        ['Cookie', 'a=1; b=2'],
      ],
    });
    expect(scanner.scanHead(clean)).toEqual([]);
  });

  it.each<[string, Partial<HeadSurfaces>, string]>([
    ['host', { host: `${hex}.example.net` }, 'host'],
    ['host in lower case', { host: `${secret.toLowerCase()}.example.net` }, 'host'],
    [
      'host split into labels',
      { host: `${secret.slice(0, half)}.${secret.slice(half)}.example.net`.toLowerCase() },
      'host',
    ],
    ['host as base32 labels', { host: `${hex.slice(0, 30)}.${hex.slice(30)}.example.net` }, 'host'],
    ['path', { path: `/x/${secret}` }, 'path'],
    ['path in percent-encoding', { path: `/x/${hex.replaceAll(/../g, '%$&')}` }, 'path'],
    ['path split into segments', { path: `/${secret.slice(0, half)}/${secret.slice(half)}` }, 'path'],
    ['query', { query: `a=${secret}` }, 'query'],
    ['query split over parameters', { query: `a=${secret.slice(0, half)}&b=${secret.slice(half)}` }, 'query'],
    ['header value', { headers: [['X-Note', secret]] }, 'header:x-note'],
    [
      'header value in base64',
      { headers: [['X-Note', Buffer.from(`v${secret}`).toString('base64')]] },
      'header:x-note',
    ],
    ['Basic credentials', { headers: [['Authorization', basic(`user:${secret}`)]] }, 'header:authorization'],
    [
      'cookie split over crumbs',
      { headers: [['Cookie', `a=${secret.slice(0, half)}; b=${secret.slice(half)}`]] },
      'path',
    ],
    [
      'values of several headers',
      {
        headers: [
          ['X-A', secret.slice(0, half)],
          ['X-B', secret.slice(half)],
        ],
      },
      'path',
    ],
    [
      'name and value of one header',
      { headers: [[`X-${secret.slice(0, half)}`, secret.slice(half)]] },
      'path',
    ],
  ])('shows a value in the %s', (_, change, surface) => {
    const findings = scanner.scanHead(head(change));
    expect(findings).toMatchObject([{ rule: 'known_secrets/EGRESS_TOKEN_0', surface }]);
    expect(JSON.stringify(findings)).not.toContain(secret.slice(0, half));
  });

  it.each(['example.net', 'example.co.uk'])('shows a value in hex that labels of %s cut in two', (owner) => {
    // as JSON escapes it, so that no label holds enough of it by itself
    const escaped = Array.from(secret, (char, at) =>
      at % 2 === 0 ? `\\u00${Buffer.from(char).toString('hex')}` : char,
    ).join('');
    const labels =
      Buffer.from(escaped)
        .toString('hex')
        .match(/.{1,63}/g) ?? [];
    const findings = scanner.scanHead(head({ host: `${labels.join('.')}.${owner}` }));
    expect(findings.map(({ rule }) => rule)).toEqual(['known_secrets/EGRESS_TOKEN_0']);
  });

  it('does not show a value that is the name of a header', () => {
    const findings = scanner.scanHead(head({ headers: [[`X-${secret}`, secret]] }));
    expect(findings.map((finding) => finding.surface)).toEqual(['header:?', 'header:?']);
    expect(JSON.stringify(findings).toLowerCase()).not.toContain(secret.toLowerCase());
  });

  it('shows a value with blanks written as plus signs', () => {
    const phrase = `${madeUp('a', 6)} ${madeUp('b', 6)}`;
    expect(scannerFor(phrase).scanHead(head({ query: `p=${phrase.replace(' ', '+')}` }))).toHaveLength(1);
  });

  it('shows a credential format in the query', () => {
    const token = samples['github-pat']?.() ?? '';
    expect(scanner.scanHead(head({ query: `t=${token}` }))).toMatchObject([
      { rule: 'token_patterns/github-pat', surface: 'query', offset: 2 },
    ]);
  });
});

describe('crlf', () => {
  it.each<[string, Partial<HeadSurfaces>]>([
    ['a raw line break in the path', { path: '/a\r\nX: y' }],
    ['a raw line feed in a value', { headers: [['A', 'b\nc: d']] }],
    ['a raw carriage return in a name', { headers: [['A\rB', 'c']] }],
    ['a raw line break in the host', { host: 'a\n.example' }],
    ['a raw line break in the query', { query: 'a\r' }],
    ['an encoded header in the path', { path: '/a%0d%0aX-Injected:%20y' }],
    ['an encoded line feed alone', { path: '/a%0AHost: evil.example' }],
    ['an encoded request line', { path: '/a%0d%0aGET%20/b%20HTTP/1.1' }],
    ['double encoding', { path: '/a%250d%250aX-A:b' }],
    ['code points that are cut to a line break', { path: '/a%E5%98%8D%E5%98%8AX-A:b' }],
    ['overlong UTF-8', { path: '/a%c0%8d%c0%8aX-A:b' }],
    ['an encoded header in the host', { host: 'a%0d%0ax-a:b' }],
  ])('finds %s', (_, change) => {
    expect(scanner.scanHead(head(change)).map((finding) => finding.detector)).toEqual(['crlf']);
  });

  it.each<[string, Partial<HeadSurfaces>]>([
    ['an encoded line break in prose', { path: '/wiki/line%0Abreak' }],
    ['an encoded line break at the end', { path: '/a%0D%0A' }],
    ['a colon without a line break', { path: '/a%20X-A:b' }],
    ['text with lines in the query', { query: 'q=a%0AB:%20c' }],
  ])('passes %s', (_, change) => {
    expect(scanner.scanHead(head(change))).toEqual([]);
  });

  it('is off when it is not asked for', () => {
    expect(scannerFor(secret).scanHead(head({ path: '/a\r\nX: y' }))).toEqual([]);
  });
});
