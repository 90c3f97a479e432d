import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowlistView,
  EgressError,
  parseRoute,
  parseTable,
  routeToFields,
  tableDigest,
} from '@bot-bottle/egress';
import type { Route } from '@bot-bottle/egress';
import { grant, table, withGrants } from './support/tables.ts';

const name = fc.stringMatching(/^[a-z]{1,8}$/);
const cidr = fc.tuple(fc.ipV4(), fc.nat(32)).map(([ip, bits]) => `${ip}/${bits}`);
const base = fc.record({
  host: fc.oneof(
    fc.tuple(name, name).map(([a, b]) => `${a}.${b}`),
    fc.tuple(name, name).map(([a, b]) => `*.${a}.${b}`),
  ),
  ports: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 3 }),
  path_allowlist: fc.array(
    fc.array(name, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`),
    { maxLength: 3 },
  ),
  methods: fc.uniqueArray(fc.constantFrom('GET', 'POST', 'DELETE'), { maxLength: 3 }),
  agent_headers: fc.array(fc.constantFrom('cookie', 'x-api-key'), { maxLength: 2 }),
  env_secrets: fc.array(name, { maxLength: 2 }),
  git: fc.record({ fetch: fc.boolean() }),
  dlp: fc.record({
    outbound: fc.subarray<Route['dlp']['outbound'][number]>(['known_secrets', 'canary', 'crlf']),
    inbound: fc.subarray<Route['dlp']['inbound'][number]>(['prompt_injection']),
    on_match: fc.constantFrom<Route['dlp']['on_match'][]>('warn', 'redact', 'supervise', 'block'),
  }),
  address_allowlist: fc.array(cidr, { maxLength: 2 }),
});
const auth = fc.record({
  scheme: fc.constantFrom<('Bearer' | 'token')[]>('Bearer', 'token'),
  slot: fc.nat(99).map((n) => `EGRESS_TOKEN_${n}`),
  header: fc.option(fc.constant('X-Figma-Token')),
  username: fc.constant(null),
});
const kind = fc.oneof(
  fc.record({
    scheme: fc.constant('https' as const),
    auth: fc.option(auth),
    authorization: fc.constant('strip' as const),
    owner: fc.constantFrom<('provider' | 'manifest')[]>('provider', 'manifest'),
    expires_at: fc.constant(null),
    inject: fc.constant(false),
  }),
  fc.record({
    scheme: fc.constantFrom<('http' | 'https')[]>('http', 'https'),
    auth: fc.constant(null),
    authorization: fc.constantFrom<('strip' | 'agent')[]>('strip', 'agent'),
    owner: fc.constant('grant' as const),
    expires_at: fc.option(fc.nat()),
    inject: fc.boolean(),
  }),
);
const route: fc.Arbitrary<Route> = fc.tuple(base, kind).map(([a, b]) => ({ ...a, ...b }));

describe('routeToFields and parseRoute', () => {
  it('are each other’s way back, through JSON too', () => {
    fc.assert(
      fc.property(route, (value) => {
        expect(parseRoute(routeToFields(value))).toEqual(value);
        expect(parseRoute(JSON.parse(JSON.stringify(routeToFields(value))))).toEqual(value);
      }),
    );
  });

  it('refuses a missing and an unknown field', () => {
    const fields = routeToFields(grant({ host: 'a.example' }));
    const { ports: _, ...without } = fields;
    expect(() => parseRoute(without)).toThrow(/ports/);
    expect(() => parseRoute({ ...fields, token: 'x' })).toThrow(/token/);
  });
});

function problems(value: unknown): readonly string[] {
  try {
    parseTable(value);
    return [];
  } catch (error) {
    return EgressError.isInstance(error) ? error.problems : [String(error)];
  }
}

describe('parseTable', () => {
  const valid = table(
    [{ host: 'a.example' }, { host: 'b.example', ports: [80, 443] }],
    [{ host: 'p.example' }],
  );
  const fields = valid.routes.map(routeToFields);

  it('accepts what buildRoutes made', () => {
    expect(parseTable(JSON.parse(JSON.stringify(valid)))).toEqual(valid);
  });

  it.each([
    [null],
    ['text'],
    [[]],
    [{}],
    [{ version: 2, routes: [] }],
    [{ version: 1, routes: [], more: 1 }],
  ])('refuses %j', (value) => {
    expect(problems(value).length).toBeGreaterThan(0);
  });

  it('names every problem with its row', () => {
    const rows = [{ ...fields[0], ports: [0] }, fields[1], { ...fields[2], host: '*', scheme: 'ftp' }];
    const found = problems({ version: 1, routes: rows });
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/^routes\.0\.ports/);
    expect(found[1]).toMatch(/^routes\.2\.scheme/);
  });

  it.each([
    [
      'a grant with a credential',
      { auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0', header: null, username: null } },
    ],
    ['a grant for a provider host', { host: 'p.example' }],
    ['an upper-case host', { host: 'A.example' }],
    ['a slot that is none', { auth: { scheme: 'Bearer', slot: 'PATH', header: null, username: null } }],
  ])('refuses %s', (_, change) => {
    const row = { ...routeToFields(grant({ host: 'a.example' })), ...change };
    expect(problems({ version: 1, routes: [...fields, row] })).toHaveLength(1);
  });

  it('refuses two base rows of one scheme, a base row after its grant, and base rows that inject or expire', () => {
    expect(problems({ version: 1, routes: [fields[1], fields[1]] })).toHaveLength(1);
    expect(
      problems({ version: 1, routes: [routeToFields(grant({ host: 'a.example' })), fields[1]] }),
    ).toHaveLength(1);
    expect(problems({ version: 1, routes: [{ ...fields[1], inject: true, expires_at: 1 }] })).toHaveLength(2);
  });
});

describe('tableDigest', () => {
  it('does not depend on the order of keys', () => {
    const one = table([{ host: 'a.example' }]);
    const reversed = JSON.parse(JSON.stringify(one), (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toReversed())
        : value,
    );
    expect(tableDigest(parseTable(reversed))).toBe(tableDigest(one));
    expect(tableDigest(one)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('changes with every field', () => {
    fc.assert(
      fc.property(route, route, (a, b) => {
        const same = JSON.stringify(routeToFields(a)) === JSON.stringify(routeToFields(b));
        const digests = [a, b].map((row) => tableDigest({ version: 1, routes: [row] }));
        expect(digests[0] === digests[1]).toBe(same);
      }),
    );
  });
});

describe('allowlistView', () => {
  const auth = { scheme: 'Bearer', tokenRef: 'SECRET_REF' } as const;
  const routes = withGrants(
    table([
      { host: 'a.example', auth, pathAllowlist: ['/v1'], addressAllowlist: ['10.1.2.3'] },
      { host: 'b.example', ports: [443, 80], dlp: { outbound: [] } },
    ]),
    grant({ host: 'a.example', path_allowlist: ['/v2'] }),
  );

  it('shows manifest keys, without slots, references and internal addresses', () => {
    const view = allowlistView(routes, 0);
    expect(view.routes.map((entry) => [entry.host, entry.ports, entry.path_allowlist])).toEqual([
      ['a.example', [443], ['/v1']],
      ['b.example', [443, 80], []],
      ['a.example', [443], ['/v2']],
    ]);
    expect(view.routes[1]?.dlp.outbound).toBe(false);
    expect(JSON.stringify(view)).not.toMatch(/EGRESS_TOKEN|SECRET_REF|10\.1\.2\.3|owner|slot/);
  });

  it('leaves out expired grants', () => {
    expect(allowlistView(routes, 1_000_000).routes).toHaveLength(2);
  });
});
