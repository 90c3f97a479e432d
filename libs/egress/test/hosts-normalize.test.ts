import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchHost, normalizeHost, normalizeHostPattern, parseAuthority } from '@bot-bottle/egress';

describe('normalizeHost', () => {
  it.each([
    ['API.Example.COM', 'api.example.com'],
    ['example.com.', 'example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['my_bucket.s3.example.com', 'my_bucket.s3.example.com'],
    ['_egress.local', '_egress.local'],
    ['localhost', 'localhost'],
    ['1e100.net', '1e100.net'],
    ['127.0.0.1.nip.io', '127.0.0.1.nip.io'],
  ])('takes the name %s as %s', (text, host) => {
    expect(normalizeHost(text)).toEqual({ host, kind: 'name' });
  });

  it.each([
    ['93.184.216.34', '93.184.216.34', 'ipv4'],
    ['[2001:DB8:0:0:0:0:0:1]', '2001:db8::1', 'ipv6'],
    ['::', '::', 'ipv6'],
    ['::ffff:127.0.0.1', '::ffff:7f00:1', 'ipv6'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3', 'ipv6'],
  ])('takes the address %s as %s', (text, host, kind) => {
    expect(normalizeHost(text)).toEqual({ host, kind });
  });

  it.each([
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '127.1',
    '127.0.1',
    '0177.0.0.1',
    '127.0.0.01',
    '127.0.0.1.',
    '256.1.1.1',
    '1.2.3.4.5',
    'example.0x',
    'example.123',
    '127.0.0.0x1',
    '１２７.０.０.１',
    '127。0。0。1',
    '①②⑦.0.0.1',
  ])('refuses the alternative IPv4 form %s', (text) => {
    expect(normalizeHost(text)).toBeNull();
  });

  it.each([
    '',
    '.',
    '..',
    'a..b',
    '.example.com',
    'example.com..',
    'exa mple.com',
    'example.com\0.evil.com',
    'example.com\n',
    'example.com\t',
    'user@example.com',
    'example.com%00',
    'ex%61mple.com',
    'example.com:443',
    'example.com/',
    'example.com\\',
    'example.com#',
    '*.example.com',
    '-a.example.com',
    'a-.example.com',
    'xn--.example',
    'a／b.example',
    'a％00.example',
    'fe80::1%eth0',
    '[fe80::1%25eth0]',
    '[::1',
    '::1]',
    '[127.0.0.1]',
    '[::1]:443',
    ':::',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(127)}com`,
  ])('refuses %j', (text) => {
    expect(normalizeHost(text)).toBeNull();
  });

  it('is idempotent and never yields anything but one plain form', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.domain(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.stringMatching(/^[a-zA-Z0-9.:\-_[\]%@x]{1,25}$/),
    );
    fc.assert(
      fc.property(text, (input) => {
        const normal = normalizeHost(input);
        if (normal === null) return;
        expect(normalizeHost(normal.host)).toEqual(normal);
        expect(normal.host).toMatch(normal.kind === 'ipv6' ? /^[0-9a-f:]+$/ : /^[a-z0-9._-]+$/);
      }),
      { numRuns: 2000 },
    );
  });

  it('never calls a name what the URL standard calls an IPv4 address', () => {
    const label = fc.stringMatching(/^(0x[0-9a-f]{0,4}|0[0-7]{0,3}|[0-9]{1,10}|[a-z]{1,2})$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
        const text = labels.join('.');
        const url = URL.parse(`http://${text}/`);
        const normal = normalizeHost(text);
        if (normal?.kind === 'name') expect(url?.hostname).toBe(text);
        if (normal?.kind === 'ipv4') expect(url?.hostname).toBe(normal.host);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parseAuthority', () => {
  it.each([
    ['example.com', 443, { host: 'example.com', kind: 'name', port: 443 }],
    ['Example.com:8443', 443, { host: 'example.com', kind: 'name', port: 8443 }],
    ['[::1]:80', null, { host: '::1', kind: 'ipv6', port: 80 }],
  ])('parses %s', (text, port, expected) => {
    expect(parseAuthority(text, port)).toEqual(expected);
  });

  it.each([
    'example.com:',
    'example.com:0',
    'example.com:0443',
    'example.com:65536',
    'example.com:+443',
    'example.com: 443',
    'example.com:443 ',
    'example.com:443:443',
    'example.com:4a3',
    'user@example.com:443',
    'user:pass@example.com:443',
    '::1:443',
    'b\u00fccher.example:443',
    'example.com\0:443',
    '[::1]x:443',
    '',
    ':443',
  ])('refuses %j', (text) => {
    expect(parseAuthority(text, 443)).toBeNull();
  });

  it('needs a port where there is no default', () => {
    expect(parseAuthority('example.com', null)).toBeNull();
  });
});

describe('matchHost', () => {
  it.each([
    ['example.com', 'example.com', true],
    ['example.com', 'www.example.com', false],
    ['*.example.com', 'www.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'evilexample.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'example.com.evil.com', false],
  ])('%s against %s is %s', (pattern, host, expected) => {
    expect(matchHost(pattern, host)).toBe(expected);
  });

  it.each([
    '*',
    '*.',
    '*.com',
    '*.*.com',
    'a.*.com',
    '**.example.com',
    '*.1.2.3.4',
    '*.[::1]',
    '*example.com',
  ])('refuses the pattern %s', (pattern) => {
    expect(normalizeHostPattern(pattern)).toBeNull();
  });
});
