import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '@bot-bottle/egress';
import { head } from './support/heads.ts';
import { ask, askProxy, table, tunnel, verdict } from './support/tables.ts';

const routes = table(
  [
    {
      host: 'api.example',
      pathAllowlist: ['/repos/me', '/v1/'],
      methods: ['GET', 'POST'],
      auth: { scheme: 'Bearer', tokenRef: 'TOKEN' },
    },
    { host: 'open.example', ports: [443, 80] },
    { host: 'git.example', git: { fetch: true } },
    { host: '*.wild.example' },
    { host: 'a.wild.example', methods: ['GET'] },
    { host: '*.b.wild.example', pathAllowlist: ['/deep'] },
  ],
  [{ host: 'provider.example', pathAllowlist: ['/v1/'], auth: { scheme: 'Bearer', tokenRef: 'PROVIDER' } }],
);

describe('what egress answers itself', () => {
  it.each([
    ['http://_egress.local/allowlist', 'GET', 'local'],
    ['http://_egress.local/health', 'HEAD', 'local'],
    ['http://_egress.local/', 'GET', 'path_not_allowed'],
    ['http://_egress.local/constructor', 'GET', 'path_not_allowed'],
    ['http://_egress.local/allowlist', 'POST', 'method_not_allowed'],
    ['http://_egress.local:8080/allowlist', 'GET', 'port_not_allowed'],
    ['/health', 'GET', 'local'],
    ['/allowlist', 'GET', 'malformed_request'],
    ['/', 'GET', 'malformed_request'],
  ])('%s with %s: %s', (url, method, expected) => {
    const host = url.startsWith('/') ? 'egress:9099' : (URL.parse(url)?.host ?? '');
    expect(verdict(askProxy(routes, url, host, method))).toBe(expected);
  });

  it('answers in a plaintext tunnel to its own name, since some clients tunnel everything', () => {
    const via = tunnel('_egress.local', 80, { tls: false, sni: null });
    const request = head('GET /allowlist HTTP/1.1', 'Host: _egress.local');
    expect(decide(routes, { head: request, via }, 0)).toEqual({ kind: 'local', what: 'allowlist' });
  });
});

describe('requests to the proxy itself', () => {
  it('refuses an https URL outside of a tunnel', () => {
    expect(verdict(askProxy(routes, 'https://open.example/', 'open.example'))).toBe('malformed_request');
  });

  it('takes a plaintext URL of a plaintext route', () => {
    expect(askProxy(routes, 'http://open.example/x?y', 'open.example')).toMatchObject({
      kind: 'allow',
      scheme: 'http',
      port: 80,
      path: '/x?y',
      injectAuth: null,
    });
  });

  it.each([
    ['http://api.example/v1/x', 'plaintext_not_allowed'],
    ['http://api.example:443/v1/x', 'plaintext_not_allowed'],
    ['http://open.example:443/', 'plaintext_not_allowed'],
    ['http://open.example:8080/', 'port_not_allowed'],
    ['http://git.example/', 'port_not_allowed'],
    ['http://undeclared.example/', 'host_not_allowed'],
    ['http://93.184.216.34/', 'host_not_allowed'],
  ])('denies %s: %s', (url, code) => {
    expect(verdict(askProxy(routes, url, URL.parse(url)?.host ?? ''))).toBe(code);
  });

  it('refuses a nested CONNECT', () => {
    const request = head('CONNECT open.example:443 HTTP/1.1', 'Host: open.example:443');
    expect(verdict(decide(routes, { head: request, via: tunnel('open.example') }, 0))).toBe('method_refused');
  });
});

describe('git', () => {
  it('denies a push before any route, even to an undeclared host', () => {
    expect(verdict(ask(routes, 'undeclared.example', 'POST /o/r.git/git-receive-pack'))).toBe(
      'git_push_over_https',
    );
    expect(verdict(ask(routes, 'git.example', 'GET /r/info/refs?service=git-receive-pack'))).toBe(
      'git_push_over_https',
    );
  });

  it('allows a fetch only where the route says so', () => {
    expect(ask(routes, 'git.example', 'GET /r/info/refs?service=git-upload-pack')).toMatchObject({
      git: 'fetch',
    });
    expect(verdict(ask(routes, 'open.example', 'POST /r/git-upload-pack'))).toBe('git_fetch_not_allowed');
    expect(verdict(ask(routes, 'undeclared.example', 'POST /r/git-upload-pack'))).toBe('host_not_allowed');
  });
});

describe('hosts', () => {
  it.each([
    ['x.wild.example', 'POST /', 'allow'],
    ['wild.example', 'GET /', 'host_not_allowed'],
    ['evilwild.example', 'GET /', 'host_not_allowed'],
    ['a.wild.example', 'POST /', 'method_not_allowed'],
    ['x.a.wild.example', 'POST /', 'allow'],
    ['x.b.wild.example', 'GET /other', 'path_not_allowed'],
    ['x.b.wild.example', 'GET /deep', 'allow'],
  ])('%s with %s: %s', (host, line, expected) => {
    expect(verdict(ask(routes, host, line))).toBe(expected);
  });

  it('offers to ask for a host, with what a proposal needs', () => {
    expect(ask(routes, 'undeclared.example', 'POST /a/../b?key=secret')).toMatchObject({
      ask: {
        tool: 'egress-block',
        arguments: { host: 'undeclared.example', ports: [443], methods: ['POST'], path_allowlist: ['/b'] },
      },
    });
  });

  it('offers nothing for a host of the provider', () => {
    expect(ask(routes, 'provider.example', 'GET /other')).toMatchObject({
      code: 'path_not_allowed',
      ask: null,
    });
  });
});

describe('methods and paths', () => {
  it.each([
    ['GET /v1/x', 'allow'],
    ['HEAD /v1/x', 'allow'],
    ['DELETE /v1/x', 'method_not_allowed'],
    ['OPTIONS /v1/x', 'method_not_allowed'],
    ['GET /v2/x', 'path_not_allowed'],
    ['GET /repos/me-evil', 'path_not_allowed'],
    ['GET /repos/me/../you', 'path_not_allowed'],
    ['GET /repos/me/%2e%2e/you', 'path_not_allowed'],
    ['GET /repos/me/..%2fyou', 'path_not_allowed'],
    ['GET /repos/me/..%5cyou', 'path_not_allowed'],
    ['GET /repos/me/%252e%252e/you', 'path_not_allowed'],
    ['GET /repos/me/..;/you', 'path_not_allowed'],
    ['GET /repos/me\\..\\you', 'path_not_allowed'],
    ['GET /repos/me%00', 'path_not_allowed'],
    ['GET /V1/x', 'path_not_allowed'],
    ['GET /repos%2fme', 'path_not_allowed'],
    ['OPTIONS *', 'method_not_allowed'],
  ])('%s: %s', (line, expected) => {
    expect(verdict(ask(routes, 'api.example', line))).toBe(expected);
  });

  it('sends nothing that lies outside of the prefixes, whatever the target', () => {
    const parts = [
      '/v1',
      '/repos/me',
      '/',
      '..',
      '.',
      '%2e',
      '%2E',
      '%2f',
      '%5c',
      '\\\\',
      ';',
      '%25',
      '2e',
      '%2',
      '%45',
      '%00',
      'x',
      '?',
      '%3f',
      '//',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), (chosen) => {
        const decision = ask(routes, 'api.example', `GET /${chosen.join('')}`);
        if (decision.kind !== 'allow') return;
        const seen = decodeURIComponent(URL.parse(`http://h${decision.path}`)?.pathname ?? '');
        expect(seen).toMatch(/^\/(?:v1\/|repos\/me(?:\/|$))/);
        expect(seen).not.toMatch(/(?:^|\/)\.{1,2}(?:\/|;|$)|\\|%[0-9a-f]{2}/i);
      }),
      { numRuns: 10_000 },
    );
  });

  it('sends the normalised path on a constrained route', () => {
    expect(ask(routes, 'api.example', 'GET /x/../v1//%61/./b?q=%2e')).toMatchObject({
      path: '/v1/a/b?q=%2e',
      constrained: true,
    });
  });

  it('sends the path as it is on an open route', () => {
    expect(ask(routes, 'open.example', 'GET /a/../%2f//b')).toMatchObject({
      path: '/a/../%2f//b',
      constrained: false,
    });
  });

  it('drops credential parameters where a credential is injected', () => {
    const query = 'a=1&token=x&API_KEY=y&%6bey=z&access%5Ftoken=w&b=2;key=v&tokens=3';
    expect(ask(routes, 'api.example', `GET /v1/x?${query}`)).toMatchObject({
      path: '/v1/x?a=1&b=2&tokens=3',
    });
    expect(ask(routes, 'api.example', 'GET /v1/x?key=1')).toMatchObject({ path: '/v1/x' });
    expect(ask(routes, 'open.example', 'GET /v1/x?key=1')).toMatchObject({ path: '/v1/x?key=1' });
  });
});

describe('what a tunnel must agree on', () => {
  const get = (host: string) => head('GET /v1/x HTTP/1.1', `Host: ${host}`);

  it.each([
    ['open.example', tunnel('open.example'), 'allow'],
    ['Open.Example.', tunnel('open.example', 443, { sni: 'OPEN.example' }), 'allow'],
    ['open.example:443', tunnel('open.example', 443, { sni: null }), 'allow'],
    ['open.example:444', tunnel('open.example'), 'misdirected'],
    ['evil.example', tunnel('open.example'), 'misdirected'],
    ['api.example', tunnel('open.example'), 'misdirected'],
    ['open.example', tunnel('open.example', 443, { sni: 'api.example' }), 'misdirected'],
    ['open.example', tunnel('open.example', 443, { sni: 'not a host' }), 'misdirected'],
    ['_egress.local', tunnel('open.example', 80, { tls: false, sni: null }), 'misdirected'],
    ['open.example', tunnel('_egress.local', 80, { tls: false, sni: null }), 'misdirected'],
  ])('Host %s in %j: %s', (host, via, expected) => {
    expect(verdict(decide(routes, { head: get(host), via }, 0))).toBe(expected);
  });

  it('refuses an absolute target of the other scheme', () => {
    const request = head('GET http://open.example/ HTTP/1.1', 'Host: open.example');
    expect(verdict(decide(routes, { head: request, via: tunnel('open.example') }, 0))).toBe('misdirected');
  });

  it('refuses TLS on a plaintext port and plaintext on a TLS port', () => {
    const request = get('open.example');
    expect(verdict(decide(routes, { head: request, via: tunnel('open.example', 80) }, 0))).toBe(
      'port_not_allowed',
    );
    const plain = tunnel('open.example', 443, { tls: false, sni: null });
    expect(verdict(decide(routes, { head: request, via: plain }, 0))).toBe('plaintext_not_allowed');
  });
});
