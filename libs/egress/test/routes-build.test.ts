import { describe, expect, it } from 'vitest';
import { buildRoutes, EgressError, manifestRouteRequest } from '@bot-bottle/egress';

const bearer = (tokenRef: string) => ({ scheme: 'Bearer', tokenRef }) as const;

function problemsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (EgressError.isInstance(error)) return error.problems;
    throw error;
  }
  return [];
}

describe('buildRoutes', () => {
  it('puts provider routes first and drops manifest routes for their hosts', () => {
    const { table, droppedHosts } = buildRoutes(
      [{ host: 'api.example' }],
      [{ host: 'z.example' }, { host: 'API.example.', methods: ['GET'] }, { host: '*.example.org' }],
    );
    expect(table.routes.map((route) => [route.host, route.owner])).toEqual([
      ['api.example', 'provider'],
      ['z.example', 'manifest'],
      ['*.example.org', 'manifest'],
    ]);
    expect(droppedHosts).toEqual(['api.example']);
  });

  it('gives every distinct reference one slot, providers first', () => {
    const { table, slots } = buildRoutes(
      [{ host: 'p.example', auth: bearer('P') }],
      [
        { host: 'a.example', auth: bearer('A') },
        { host: 'b.example', auth: bearer('P') },
        { host: 'c.example', auth: bearer('C') },
        { host: 'd.example', auth: bearer('A') },
      ],
    );
    expect(slots).toEqual([
      { slot: 'EGRESS_TOKEN_0', tokenRef: 'P' },
      { slot: 'EGRESS_TOKEN_1', tokenRef: 'A' },
      { slot: 'EGRESS_TOKEN_2', tokenRef: 'C' },
    ]);
    expect(table.routes.map((route) => route.auth?.slot.at(-1))).toEqual(['0', '1', '0', '2', '1']);
  });

  it('gives no slot to a dropped route', () => {
    const { slots } = buildRoutes([{ host: 'p.example' }], [{ host: 'p.example', auth: bearer('X') }]);
    expect(slots).toEqual([]);
  });

  it('puts no reference into the table', () => {
    const { table } = buildRoutes([], [{ host: 'a.example', auth: bearer('MY_HOST_VARIABLE') }]);
    expect(JSON.stringify(table)).not.toContain('MY_HOST_VARIABLE');
  });

  it('keeps the slots of a running sidecar and hands out none twice', () => {
    const fixed = [{ slot: 'EGRESS_TOKEN_3', tokenRef: 'OLD' }];
    const requests = [
      { host: 'a.example', auth: bearer('NEW') },
      { host: 'b.example', auth: bearer('OLD') },
    ];
    const { table } = buildRoutes([], requests, fixed);
    expect(table.routes.map((route) => route.auth?.slot)).toEqual(['EGRESS_TOKEN_4', 'EGRESS_TOKEN_3']);
  });

  it('refuses one slot with two references', () => {
    const fixed = [
      { slot: 'EGRESS_TOKEN_0', tokenRef: 'A' },
      { slot: 'EGRESS_TOKEN_0', tokenRef: 'B' },
    ];
    expect(() => buildRoutes([], [], fixed)).toThrow(expect.objectContaining({ code: 'slot_conflict' }));
  });

  it('fills in defaults by owner', () => {
    const { table } = buildRoutes([{ host: 'p.example' }], [{ host: 'm.example' }]);
    expect(table.routes[0]?.dlp).toEqual({
      outbound: ['known_secrets', 'canary'],
      inbound: [],
      on_match: 'redact',
    });
    expect(table.routes[1]).toEqual({
      host: 'm.example',
      ports: [443],
      scheme: 'https',
      path_allowlist: [],
      methods: [],
      auth: null,
      authorization: 'strip',
      agent_headers: [],
      env_secrets: [],
      git: { fetch: false },
      dlp: {
        outbound: ['known_secrets', 'token_patterns', 'canary', 'crlf'],
        inbound: ['prompt_injection'],
        on_match: 'block',
      },
      address_allowlist: [],
      owner: 'manifest',
      expires_at: null,
      inject: false,
    });
  });

  it('keeps [] as no detector at all', () => {
    const { table } = buildRoutes([], [{ host: 'm.example', dlp: { outbound: [], onMatch: null } }]);
    expect(table.routes[0]?.dlp.outbound).toEqual([]);
  });

  it('splits plaintext from TLS by the port', () => {
    const { table } = buildRoutes([], [{ host: 'm.example', ports: [80, 443, 8443] }]);
    expect(table.routes.map(({ scheme, ports }) => [scheme, ports])).toEqual([
      ['https', [443, 8443]],
      ['http', [80]],
    ]);
  });

  it('normalises path prefixes and header names', () => {
    const { table } = buildRoutes(
      [],
      [{ host: 'm.example', pathAllowlist: ['/%61//b/'], agentHeaders: ['X-Api-Key'] }],
    );
    expect(table.routes[0]).toMatchObject({ path_allowlist: ['/a/b/'], agent_headers: ['x-api-key'] });
  });

  it.each([
    [{ host: '*' }, /host/],
    [{ host: '*.com' }, /host/],
    [{ host: 'a b' }, /host/],
    [{ host: '_egress.local' }, /answered by egress itself/],
    [{ host: '127.0.0.1' }, /address_allowlist/],
    [{ host: '0x7f.1' }, /host/],
    [{ host: 'a.example', ports: [] }, /ports/],
    [{ host: 'a.example', ports: [0] }, /ports/],
    [{ host: 'a.example', ports: [80], auth: bearer('T') }, /only over TLS/],
    [{ host: 'a.example', auth: bearer('T'), authorization: 'agent' }, /excludes auth/],
    [{ host: 'a.example', auth: { scheme: 'header', tokenRef: 'T' } }, /needs a header name/],
    [{ host: 'a.example', auth: { scheme: 'header', tokenRef: 'T', header: 'Host' } }, /can not carry/],
    [{ host: 'a.example', auth: { scheme: 'header', tokenRef: 'T', header: 'A\r\nB' } }, /header/],
    [{ host: 'a.example', auth: { scheme: 'basic', tokenRef: 'T', username: 'a:b' } }, /colon/],
    [{ host: 'a.example', pathAllowlist: ['relative'] }, /path_allowlist/],
    [{ host: 'a.example', pathAllowlist: ['/a%2fb'] }, /path_allowlist/],
    [{ host: 'a.example', pathAllowlist: ['/a?b'] }, /path_allowlist/],
    [{ host: 'a.example', methods: ['get'] }, /methods/],
    [{ host: 'a.example', methods: ['TRACE'] }, /methods/],
    [{ host: 'a.example', methods: ['CONNECT'] }, /methods/],
    [{ host: 'a.example', addressAllowlist: ['10.0.0.0/33'] }, /address_allowlist/],
    [{ host: 'a.example', dlp: { outbound: ['nonsense'] } }, /not a detector/],
  ] as const)('refuses %j', (request, message) => {
    expect(problemsOf(() => buildRoutes([], [request])).join('\n')).toMatch(message);
  });

  it('allows an IP literal that the address allow-list covers', () => {
    const { table } = buildRoutes([], [{ host: '[::1]', addressAllowlist: ['::1'] }]);
    expect(table.routes[0]?.host).toBe('::1');
  });

  it('names every problem of every route at once', () => {
    const bad = [
      { host: 'a.example', ports: [0] },
      { host: '*' },
      { host: 'b.example' },
      { host: 'B.example' },
    ];
    expect(problemsOf(() => buildRoutes([], bad))).toHaveLength(3);
  });
});

describe('manifestRouteRequest', () => {
  it('carries over what a route table needs', () => {
    const request = manifestRouteRequest({
      host: 'a.example',
      ports: [443],
      pathAllowlist: ['/v1'],
      methods: ['GET'],
      auth: { scheme: 'basic', tokenRef: 'T', header: null, username: 'me', wildcard: false },
      authorization: 'strip',
      agentHeaders: ['cookie'],
      envSecrets: ['E'],
      git: { fetch: true },
      dlp: { outbound: null, inbound: [], onMatch: 'warn' },
      addressAllowlist: ['10.0.0.1'],
      pipelock: { tlsPassthrough: false },
    });
    expect(buildRoutes([], [request]).table.routes[0]).toMatchObject({
      auth: { scheme: 'basic', slot: 'EGRESS_TOKEN_0', header: null, username: 'me' },
      agent_headers: ['cookie'],
      env_secrets: ['E'],
      git: { fetch: true },
      dlp: { outbound: ['known_secrets', 'token_patterns', 'canary', 'crlf'], inbound: [], on_match: 'warn' },
      address_allowlist: ['10.0.0.1'],
    });
  });
});
