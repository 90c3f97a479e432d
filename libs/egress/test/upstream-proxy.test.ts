import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EgressError, parseUpstreamProxy, proxyFor } from '@bot-bottle/egress';

describe('parseUpstreamProxy', () => {
  it.each([
    ['http://proxy.corp:3128', 'http://proxy.corp:3128', null],
    ['proxy.corp:3128', 'http://proxy.corp:3128', null],
    ['https://Proxy.Corp/', 'https://proxy.corp:443', null],
    ['http://proxy.corp', 'http://proxy.corp:80', null],
    ['http://[::1]:8080', 'http://[::1]:8080', null],
    ['http://me:p%40ss%3Aword@proxy.corp:3128', 'http://proxy.corp:3128', 'me:p@ss:word'],
    ['http://me@proxy.corp:3128', 'http://proxy.corp:3128', 'me:'],
  ])('%s', (text, url, credentials) => {
    expect(parseUpstreamProxy(text)).toEqual({ url, credentials });
  });

  it.each([
    '',
    'socks5://me:s3cret@proxy.corp:1080',
    'http://me:s3cret@/',
    'http://me:s3cret@proxy.corp:0',
    'http://me:s3cret@proxy.corp:3128/path',
    'http://me:s3cret@proxy.corp:3128?x',
    'http://me:s3cret%0d%0aX:y@proxy.corp',
    'http://me:s3cret%ff@proxy.corp',
    'http://m%3Ae:s3cret@proxy.corp',
    'http://me:s3cret@proxy corp',
  ])('refuses %s without repeating a password', (text) => {
    let thrown: unknown;
    try {
      parseUpstreamProxy(text);
    } catch (error) {
      thrown = error;
    }
    expect(EgressError.isInstance(thrown) && thrown.code === 'invalid_proxy').toBe(true);
    expect(String(thrown)).not.toContain('s3cret');
  });

  it('either parses or throws its own error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true })), (text) => {
        try {
          expect(parseUpstreamProxy(text).url).toMatch(/^https?:\/\/[^@/]+:\d+$/);
        } catch (error) {
          expect(EgressError.isInstance(error)).toBe(true);
        }
      }),
    );
  });
});

describe('proxyFor', () => {
  it.each([
    ['api.example', 443, [], true],
    ['api.example', 443, ['*'], false],
    ['api.example', 443, ['example'], false],
    ['api.example', 443, ['.example'], false],
    ['api.example', 443, ['*.example'], false],
    ['api.example', 443, ['API.Example.'], false],
    ['api.example', 443, ['pi.example'], true],
    ['api.example', 443, ['api.example:443'], false],
    ['api.example', 443, ['api.example:8443'], true],
    ['api.example', 443, ['', ' api.example '], false],
    ['10.1.2.3', 443, ['10.0.0.0/8'], false],
    ['10.1.2.3', 443, ['10.1.2.3'], false],
    ['10.1.2.3', 443, ['10.1.2.3:443'], false],
    ['10.1.2.3', 443, ['3'], true],
    ['10.1.2.3', 443, ['.2.3'], true],
    ['11.1.2.3', 443, ['10.0.0.0/8'], true],
    ['::1', 443, ['::1'], false],
    ['::1', 443, ['[::1]:443'], false],
    ['::1', 443, ['[::1]:80'], true],
    ['fd00::5', 443, ['fd00::/8'], false],
    ['api.example', 443, ['0.0.0.0/0'], true],
  ])('%s:%s with no_proxy %j goes through the proxy: %s', (host, port, noProxy, through) => {
    const config = { url: 'http://proxy.corp:3128', no_proxy: noProxy, has_credentials: false };
    expect(proxyFor(host, port, config)).toBe(through ? config : null);
  });

  it('is never used when there is none', () => {
    expect(proxyFor('api.example', 443, null)).toBeNull();
  });
});
