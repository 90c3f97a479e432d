import {
  buildRoutes,
  EgressError,
  grantRows,
  manifestRouteRequest,
  rowsToGrants,
  rowsToManifest,
  type GrantRequest,
} from '@bot-bottle/egress';
import type { RouteManifest } from '@bot-bottle/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const subset = <T>(...values: readonly T[]) => fc.subarray([...values]);
const auth: fc.Arbitrary<RouteManifest['auth']> = fc.oneof(
  fc.constant(null),
  fc.constantFrom('A', 'B', 'C').map((tokenRef) => ({
    scheme: 'Bearer' as const,
    tokenRef,
    header: null,
    username: null,
    wildcard: false,
  })),
  fc.constant({ scheme: 'basic', tokenRef: 'A', header: null, username: 'me', wildcard: false } as const),
  fc.constant({ scheme: 'header', tokenRef: 'B', header: 'X-Key', username: null, wildcard: false } as const),
);
const route: fc.Arbitrary<RouteManifest> = fc
  .record({
    host: fc.constantFrom('a.example', 'b.example', '*.c.example', 'd.c.example', '*.e.example'),
    secure: subset(443, 8443, 1),
    isPlaintext: fc.boolean(),
    pathAllowlist: subset('/a', '/b/c', '/%20'),
    methods: subset('GET', 'POST'),
    auth,
    authorization: fc.constantFrom('strip', 'agent'),
    agentHeaders: subset('x-api-key', 'cookie'),
    envSecrets: subset('S', 'T'),
    fetch: fc.boolean(),
    outbound: fc.oneof(fc.constant(null), subset('canary', 'crlf', 'entropy')),
    onMatch: fc.constantFrom(null, 'warn', 'redact', 'supervise'),
    addressAllowlist: subset('10.0.0.0/8', '::1'),
  })
  .map(({ secure, isPlaintext, fetch, outbound, onMatch, ...fields }) => {
    const ports = [...(secure.length === 0 && !isPlaintext ? [443] : secure), ...(isPlaintext ? [80] : [])];
    const given = isPlaintext || fields.authorization === 'agent' ? null : fields.auth;
    return {
      ...fields,
      ports,
      auth: given && { ...given, wildcard: fields.host.startsWith('*.') },
      git: { fetch },
      dlp: { outbound, inbound: null, onMatch },
      pipelock: { tlsPassthrough: false },
    };
  });
const routes = fc.uniqueArray(route, { selector: ({ host }) => host, maxLength: 5 });
const grant: fc.Arbitrary<GrantRequest> = fc.record({
  host: fc.constantFrom('a.example', '*.b.example'),
  ports: subset(443, 8443, 80).map((ports) => (ports.length === 0 ? [443] : ports)),
  path_allowlist: subset('/a', '/b'),
  methods: subset('GET', 'POST'),
  inject: fc.boolean(),
});
const ends = fc.oneof(fc.constant(null), fc.double({ min: 1, max: 2e12, noNaN: true }));

describe('rowsToManifest', () => {
  it('gives back the routes that a table was built of, and the same table again', () => {
    fc.assert(
      fc.property(routes, (manifest) => {
        const built = buildRoutes([], manifest.map(manifestRouteRequest));
        const back = rowsToManifest(built.table.routes, built.slots);
        expect(back).toEqual(manifest);
        expect(buildRoutes([], back.map(manifestRouteRequest), built.slots).table).toEqual(built.table);
      }),
    );
  });

  it('leaves out the rows of providers and grants', () => {
    const { table, slots } = buildRoutes([{ host: 'p.example' }], [{ host: 'a.example' }]);
    const rows = [
      ...table.routes,
      ...grantRows({ host: 'a.example', ports: [443], path_allowlist: [], methods: [], inject: false }, null),
    ];
    expect(rowsToManifest(rows, slots).map(({ host }) => host)).toEqual(['a.example']);
  });

  it('does not invent a reference for a slot that it does not know', () => {
    const { table } = buildRoutes([], [{ host: 'a.example', auth: { scheme: 'Bearer', tokenRef: 'A' } }]);
    expect(() => rowsToManifest(table.routes, [])).toThrow(EgressError);
  });
});

describe('rowsToGrants', () => {
  it('gives back the rows, and of single grants the grant', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(grant, ends), { maxLength: 4 }), (given) => {
        const rows = given.flatMap(([each, end]) => grantRows(each, end));
        const back = rowsToGrants(rows);
        expect(back.flatMap((each) => grantRows(each.grant, each.expiresAt))).toEqual(rows);
        const [only] = given;
        if (given.length !== 1 || only === undefined) return;
        const [{ ports, inject, ...rest }, expiresAt] = only;
        const isPlaintext = ports.every((port) => port === 80);
        expect(back).toEqual([{ grant: { ...rest, ports, inject: inject && !isPlaintext }, expiresAt }]);
      }),
    );
  });
});
