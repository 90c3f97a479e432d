import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideConnect, parseTable } from '@bot-bottle/egress';
import type { Route } from '@bot-bottle/egress';
import { ask, grant, table, tunnel, verdict, withGrants } from './support/tables.ts';
import { decide } from '@bot-bottle/egress';
import { head } from './support/heads.ts';

const base = table(
  [
    {
      host: 'api.example',
      pathAllowlist: ['/a'],
      methods: ['GET'],
      auth: { scheme: 'Bearer', tokenRef: 'T' },
    },
    { host: '*.wild.example', pathAllowlist: ['/a'] },
    { host: 'x.wild.example', pathAllowlist: ['/x'] },
  ],
  [{ host: 'provider.example', pathAllowlist: ['/v1/'] }],
);

describe('a grant', () => {
  const routes = withGrants(base, grant({ host: 'api.example', path_allowlist: ['/b'], methods: ['POST'] }));

  it('adds to its base row and does not mix with it', () => {
    expect(verdict(ask(routes, 'api.example', 'POST /b'))).toBe('allow');
    expect(verdict(ask(routes, 'api.example', 'GET /a'))).toBe('allow');
    expect(verdict(ask(routes, 'api.example', 'POST /a'))).toBe('path_not_allowed');
    expect(verdict(ask(routes, 'api.example', 'GET /b'))).toBe('path_not_allowed');
  });

  it('injects the base credential only when it was granted as well', () => {
    expect(ask(routes, 'api.example', 'POST /b')).toMatchObject({
      injectAuth: null,
      rule: 'grant:api.example#4',
    });
    const injecting = withGrants(base, grant({ host: 'api.example', path_allowlist: ['/b'], inject: true }));
    expect(ask(injecting, 'api.example', 'POST /b')).toMatchObject({
      injectAuth: { slot: 'EGRESS_TOKEN_0' },
    });
    expect(ask(injecting, 'api.example', 'GET /a')).toMatchObject({ rule: 'manifest:api.example' });
  });

  it('may go to the special addresses that the operator gave its host, and brings none of its own', () => {
    const local = table([
      { host: 'local.example', pathAllowlist: ['/a'], addressAllowlist: ['127.0.0.1/32'] },
    ]);
    const open = withGrants(
      local,
      grant({ host: 'local.example', path_allowlist: ['/b'], address_allowlist: ['10.0.0.0/8'] }),
      grant({ host: 'new.example', address_allowlist: ['10.0.0.0/8'] }),
    );
    expect(ask(open, 'local.example', 'GET /b')).toMatchObject({ addressAllowlist: ['127.0.0.1/32'] });
    expect(ask(open, 'new.example', 'GET /b')).toMatchObject({ addressAllowlist: [] });
  });

  it('ends at its expiry', () => {
    expect(verdict(ask(routes, 'api.example', 'POST /b', [], 999_999))).toBe('allow');
    expect(verdict(ask(routes, 'api.example', 'POST /b', [], 1_000_000))).toBe('method_not_allowed');
  });

  it('adds a port', () => {
    const open = withGrants(base, grant({ host: 'api.example', ports: [8443] }));
    expect(decideConnect(open, 'api.example', 8443, 0)).toMatchObject({ kind: 'allow' });
    expect(decideConnect(open, 'api.example', 8443, 1_000_000)).toMatchObject({ code: 'port_not_allowed' });
    expect(decideConnect(open, 'api.example', 9000, 0)).toMatchObject({ code: 'port_not_allowed' });
  });

  it('opens an undeclared host until it expires', () => {
    const open = withGrants(base, grant({ host: 'new.example' }));
    expect(verdict(ask(open, 'new.example', 'GET /'))).toBe('allow');
    expect(verdict(ask(open, 'new.example', 'GET /', [], 1_000_000))).toBe('host_not_allowed');
  });

  it('for one host leaves the wildcard route of that host in force', () => {
    const open = withGrants(base, grant({ host: 'y.wild.example', path_allowlist: ['/b'] }));
    expect(verdict(ask(open, 'y.wild.example', 'GET /a'))).toBe('allow');
    expect(verdict(ask(open, 'y.wild.example', 'GET /b'))).toBe('allow');
  });

  it('for a wildcard does not widen a more exact route', () => {
    const open = withGrants(base, grant({ host: '*.wild.example' }));
    expect(verdict(ask(open, 'y.wild.example', 'GET /z'))).toBe('allow');
    expect(verdict(ask(open, 'x.wild.example', 'GET /z'))).toBe('path_not_allowed');
  });

  it('never opens plaintext to a host with a credential', () => {
    const open = withGrants(base, grant({ host: 'api.example', ports: [80], scheme: 'http' }));
    const request = head('GET /a HTTP/1.1', 'Host: api.example');
    const via = tunnel('api.example', 80, { tls: false, sni: null });
    expect(verdict(decide(open, { head: request, via }, 0))).toBe('plaintext_not_allowed');
  });

  it('for a host of the provider makes the table invalid, and a wildcard one changes nothing there', () => {
    expect(() => withGrants(base, grant({ host: 'provider.example' }))).toThrow(/takes no grants/);
    const wide = parseTable({
      version: 1,
      routes: [
        ...table([], [{ host: 'p.wild.example', pathAllowlist: ['/v1/'] }]).routes,
        grant({ host: '*.wild.example' }),
      ],
    });
    expect(verdict(ask(wide, 'p.wild.example', 'GET /other'))).toBe('path_not_allowed');
  });

  it('never takes away what the base rows allow, and never adds a credential by itself', () => {
    const path = fc.constantFrom('/a', '/b', '/a/c', '/ab', '/');
    const method = fc.constantFrom('GET', 'POST', 'HEAD');
    const host = fc.constantFrom(
      'api.example',
      'x.wild.example',
      'y.wild.example',
      'provider.example',
      'new.example',
    );
    const granted = fc
      .record({
        host: fc.constantFrom(
          'api.example',
          '*.wild.example',
          'x.wild.example',
          'y.wild.example',
          'new.example',
        ),
        path_allowlist: fc.array(path, { maxLength: 2 }),
        methods: fc.uniqueArray(fc.constantFrom('GET', 'POST'), { maxLength: 2 }),
        inject: fc.boolean(),
      })
      .map((fields): Route => grant(fields));
    fc.assert(
      fc.property(fc.array(granted, { maxLength: 4 }), host, method, path, (grants, at, verb, target) => {
        const before = ask(base, at, `${verb} ${target}`);
        const after = ask(withGrants(base, ...grants), at, `${verb} ${target}`);
        if (before.kind === 'allow') expect(after).toMatchObject({ kind: 'allow', row: before.row });
        if (at === 'provider.example') expect(verdict(after)).toBe(verdict(before));
        if (after.kind === 'allow' && after.injectAuth !== null) {
          expect(after.route.owner !== 'grant' || after.route.inject).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
