import {
  manifestFromObject,
  parseGrant,
  parseRouteEdit,
  renderYaml,
  routeKeys,
  type RouteEditLimits,
} from '@bot-bottle/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { catchErrors } from './support/catch-errors.ts';

const limits: RouteEditLimits = {
  maxMinutes: 60,
  tokenRefs: new Set(['HELD']),
  providerHosts: new Set(['provider.example']),
};
const grantLimits = { maxMinutes: 60, hasCredential: (host: string) => host === 'with.example' };
const edit = (text: string) => parseRouteEdit({ text, file: 'routes.yml' }, limits);
const grant = 'host: a.example\nports: [443]\npath_allowlist: []\nmethods: [get]\nminutes: 0.5\n';

describe('renderYaml', () => {
  it('is read back as what it was made of, in ASCII, whatever it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.boolean(), (value, flow) => {
        const text = renderYaml(value, flow);
        expect(text).toMatch(/^[\n\x20-\x7e]*$/);
        expect(JSON.stringify(parse(text))).toBe(JSON.stringify(value));
        if (flow) expect(text.trimEnd()).not.toContain('\n');
      }),
    );
  });

  it('shows what would be invisible', () => {
    expect(renderYaml({ host: 'a\u202eb\u001b[2J', path: '/x\nmethods: []' })).toBe(
      'host: "a\\u202eb\\e[2J"\npath: |-\n  /x\n  methods: []\n'.replace(
        '|-\n  /x\n  methods: []',
        '"/x\\nmethods: []"',
      ),
    );
  });
});

describe('parseGrant', () => {
  it('reads a grant in its normal form', () => {
    const text = grant.replace('a.example', 'A.Example.');
    expect(parseGrant({ text, file: 'grant.yml' }, grantLimits)).toEqual({
      host: 'a.example',
      ports: [443],
      pathAllowlist: [],
      methods: ['GET'],
      minutes: 0.5,
      withCredential: false,
    });
  });

  it.each([
    ['methods: [get]\n', '', /methods/],
    ['path_allowlist: []\n', '', /path_allowlist/],
    ['ports: [443]\n', '', /ports/],
    ['minutes: 0.5\n', '', /minutes/],
    ['minutes: 0.5', 'minutes: 0', /6:\d+|5:\d+/],
    ['minutes: 0.5', 'minutes: 61', /at most 60/],
    ['minutes: 0.5', 'minutes: .inf', /minutes/],
    ['minutes: 0.5', 'minutes: "5"', /expected a number/],
    ['minutes: 0.5', 'minutes: 1\nwith_credential: true', /6:18: with_credential: no route of this host/],
    ['a.example', '"*"', /wildcard/],
    ['a.example', '"*.com"', /wildcard/],
    ['a.example', '10.0.0.1', /IP address takes no grant/],
    ['methods: [get]', 'methods:', /methods/],
    ['methods: [get]', 'methods: [CONNECT]', /CONNECT/],
    ['path_allowlist: []', 'path_allowlist: [/a/../b]', /dot segments/],
    ['minutes: 0.5\n', 'minutes: 1\nauth: {}\n', /unknown key `auth`/],
  ])('refuses %j as %j: nothing that is left out widens it', async (before, after, message) => {
    const text = grant.replace(before, after);
    const errors = await catchErrors(() => parseGrant({ text, file: 'grant.yml' }, grantLimits));
    expect(errors.message).toMatch(message);
    expect(errors.errors.every(({ line }) => line !== null)).toBe(true);
  });

  it.each([
    '',
    '# only a comment\n',
    '[',
    '- a',
    'a: &x [*x]',
    '%YAML 1.1\n---\n',
    'host: a\n---\nhost: b',
    '\0',
  ])('refuses %j as any manifest is refused', async (text) => {
    await catchErrors(() => parseGrant({ text, file: 'grant.yml' }, grantLimits));
  });
});

describe('parseRouteEdit', () => {
  it('tells all problems at once with their places', async () => {
    const text = [
      'routes:',
      '  - host: provider.example',
      '  - host: b.example',
      '    auth: { scheme: Bearer, token_ref: OTHER }',
      'grants:',
      '  - { host: provider.example, ports: [443], path_allowlist: [], methods: [], minutes: 1 }',
      '  - { host: c.example, ports: [443], path_allowlist: [], methods: [], minutes: 1, with_credential: true }',
    ].join('\n');
    const { errors } = await catchErrors(() => edit(text));
    expect(errors.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '2 routes[0].host',
      '4 routes[1].auth.token_ref',
      '6 grants[0].host',
      '7 grants[1].with_credential',
    ]);
    expect(errors[1]?.message).toMatch(/new launch/);
    expect(errors[1]?.hint).toBe('it holds those of HELD');
  });

  it('does not take a file without routes for one that forbids all', async () => {
    expect((await catchErrors(() => edit('grants: []\n'))).message).toMatch(/`routes` is missing/);
    expect((await catchErrors(() => edit(''))).message).toMatch(/`routes` is missing/);
    expect(edit('routes: []\n')).toEqual({ routes: [], grants: [] });
  });

  it('lets a grant have the credential of a route that has one, by wildcard too', () => {
    const text = (host: string): string =>
      `routes: [{ host: "${host}", auth: { scheme: Bearer, token_ref: HELD, wildcard: true } }]\ngrants: [{ host: x.a.example, ports: [443], path_allowlist: [], methods: [], minutes: null, with_credential: true }]`;
    expect(edit(text('x.a.example')).grants).toHaveLength(1);
    expect(edit(text('*.a.example')).grants).toHaveLength(1);
  });
});

it('routeKeys is the way back from a route to the keys of a bottle file', () => {
  const routes = [
    { host: 'a.example' },
    { host: 'b.example', ports: [80, 443], methods: ['GET'], path_allowlist: ['/a'], git: { fetch: true } },
    {
      host: 'c.example',
      auth: { scheme: 'basic', token_ref: 'T', username: 'me' },
      dlp: { outbound: false },
    },
    { host: '*.d.example', auth: { scheme: 'header', token_ref: 'T', header: 'X-Key', wildcard: true } },
    {
      host: 'e.example',
      authorization: 'agent',
      agent_headers: ['x-api-key'],
      address_allowlist: ['10.0.0.0/8'],
    },
    { host: 'f.example', env_secrets: ['S'], pipelock: { tls_passthrough: true } },
    { host: 'g.example', dlp: { outbound: ['canary'], inbound: [], on_match: 'warn' } },
  ];
  const bottle = (list: unknown) =>
    manifestFromObject({
      bottles: { dev: { env: { S: '?' }, egress: { routes: list } } },
      agents: {},
    }).bottle('dev');
  const first = bottle(routes).egress.routes;
  expect(bottle(first.map(routeKeys)).egress.routes).toEqual(first);
  expect(routeKeys(first[0] ?? Object.create(null))).toEqual({ host: 'a.example' });
});
