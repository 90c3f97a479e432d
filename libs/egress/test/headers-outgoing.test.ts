import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  agentCredentials,
  createCredentialPins,
  incomingHeaders,
  injectCredential,
  outgoingHeaders,
} from '@bot-bottle/egress';
import type { RouteAuth, RouteRequest } from '@bot-bottle/egress';
import { decide, reduceAcceptEncoding } from '@bot-bottle/egress';
import { head } from './support/heads.ts';
import { table, tunnel } from './support/tables.ts';

/** What would leave for a request with these headers on a route made of `route`. */
function leaving(route: Omit<RouteRequest, 'host'>, ...lines: string[]): string[] {
  const request = head('GET /v1 HTTP/1.1', 'hOst: a.example:443', ...lines);
  const decision = decide(
    table([{ host: 'a.example', ...route }]),
    { head: request, via: tunnel('a.example') },
    0,
  );
  if (decision.kind !== 'allow') throw new Error('denied');
  return outgoingHeaders(request, decision).map(([name, value]) => `${name}: ${value}`);
}

const bearer = { scheme: 'Bearer', tokenRef: 'T' } as const;
const carriers = [
  'Authorization',
  'X-Api-Key',
  'Api-Key',
  'X-Goog-Api-Key',
  'Private-Token',
  'X-Auth-Token',
  'X-Amz-Security-Token',
  'Cookie',
];

describe('outgoing headers', () => {
  it('keeps order and case, and sets Host to what was decided on', () => {
    expect(leaving({}, 'X-B: 2', 'x-a: 1', 'Accept-Encoding: gzip')).toEqual([
      'hOst: a.example',
      'X-B: 2',
      'x-a: 1',
      'Accept-Encoding: gzip',
    ]);
  });

  it.each([
    'Connection: keep-alive',
    'Keep-Alive: 1',
    'TE: trailers',
    'Trailer: X',
    'Proxy-Authorization: Basic x',
    'Proxy-Connection: keep-alive',
    'Proxy-Anything: x',
    'HTTP2-Settings: x',
    'Content-Length: 0',
    'Expect: 100-continue',
    'Transfer-Encoding: chunked',
    'Transfer_Encoding: chunked',
    'Content_Length: 5',
    'X-Original-URL: /admin',
    'X-Rewrite-Url: /admin',
    'X-Forwarded-Host: admin.example',
    'X_Forwarded_Host: admin.example',
    'X-Original-Host: admin.example',
    'X-Host: admin.example',
    'X-Forwarded-Prefix: /admin',
    'X-Envoy-Original-Path: /admin',
    'Forwarded: host=admin.example',
    'Sec-WebSocket-Extensions: permessage-deflate',
    'Sec_WebSocket_Extensions: permessage-deflate',
  ])('drops %s', (line) => {
    expect(leaving({}, line)).toEqual(['hOst: a.example']);
  });

  it.each([
    'Range: bytes=0-3',
    'If-Range: "x"',
    'Request-Range: bytes=0-3',
    'X-Ms-Range: bytes=0-3',
    'A-IM: gzip',
  ])('drops %s where a credential is injected, and only there', (line) => {
    expect(leaving({ auth: bearer }, line)).toEqual(['hOst: a.example', 'Accept-Encoding: identity']);
    expect(leaving({}, line)).toEqual(['hOst: a.example', line]);
  });

  it('drops what Connection names, in any spelling', () => {
    expect(leaving({}, 'Connection: X-Secret, close', 'x-secret: 1', 'X_Secret: 2', 'X-Kept: 3')).toEqual([
      'hOst: a.example',
      'X-Kept: 3',
    ]);
  });

  it('keeps Host even when Connection names it', () => {
    expect(leaving({}, 'Connection: host')).toEqual(['hOst: a.example']);
  });

  it.each(carriers)('drops the agent’s %s, in any spelling', (name) => {
    expect(
      leaving(
        {},
        `${name}: own`,
        `${name.toLowerCase().replaceAll('-', '_')}: own`,
        `${name.replaceAll('-', '.')}: own`,
      ),
    ).toHaveLength(1);
  });

  it.each(carriers)('lets %s pass where the route lists it', (name) => {
    expect(leaving({ agentHeaders: [name.toLowerCase()] }, `${name}: own`)).toContain(`${name}: own`);
  });

  it('lets Authorization pass on a route with authorization: agent', () => {
    expect(leaving({ authorization: 'agent' }, 'Authorization: Bearer own')).toContain(
      'Authorization: Bearer own',
    );
  });

  it('never lets the agent fill the header that is injected', () => {
    const auth = { scheme: 'header', tokenRef: 'T', header: 'X-Figma-Token' } as const;
    expect(
      leaving({ auth, agentHeaders: ['x-figma-token'] }, 'X-Figma-Token: own', 'x_figma_token: own'),
    ).toEqual(['hOst: a.example', 'Accept-Encoding: identity']);
  });

  it.each([
    [{ methods: ['GET'] }, 1],
    [{ pathAllowlist: ['/v1'] }, 1],
    [{}, 2],
  ])('drops method overrides on constrained routes only: %j', (route, count) => {
    expect(leaving(route, 'X-HTTP-Method-Override: DELETE')).toHaveLength(count);
  });

  it('asks for no coding that cannot be searched for an echo', () => {
    expect(leaving({ auth: bearer }, 'Accept-Encoding: gzip, br')).toContain('Accept-Encoding: identity');
    expect(leaving({ auth: bearer })).toContain('Accept-Encoding: identity');
  });

  it.each([
    ['gzip, br;q=0.5, zstd', 'gzip, br;q=0.5'],
    ['*', 'identity'],
    ['GZIP ; q=1.0', 'GZIP ; q=1.0'],
    ['gzip;x=1', 'identity'],
    [null, 'identity'],
  ])('reduces %s to %s', (value, expected) => {
    expect(reduceAcceptEncoding(value, ['gzip', 'br'])).toBe(expected);
  });

  it('never lets a credential of the agent out of a route that does not say so', () => {
    const spelling = fc
      .tuple(
        fc.constantFrom(...carriers, 'Proxy-Authorization'),
        fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }),
      )
      .map(([name, flips]) =>
        name
          .split('')
          .map((letter, i) =>
            flips[i] ? (letter === '-' ? '_' : letter.toUpperCase()) : letter.toLowerCase(),
          )
          .join(''),
      );
    fc.assert(
      fc.property(fc.array(spelling, { maxLength: 6 }), (names) => {
        expect(leaving({}, ...names.map((name) => `${name}: own-credential`)).join()).not.toContain(
          'own-credential',
        );
      }),
    );
  });
});

describe('injectCredential', () => {
  const auth = (fields: Partial<RouteAuth>): RouteAuth => ({
    scheme: 'Bearer',
    slot: 'EGRESS_TOKEN_0',
    header: null,
    username: null,
    ...fields,
  });

  it.each([
    [{ scheme: 'Bearer' }, ['Authorization', 'Bearer s3cret']],
    [{ scheme: 'token' }, ['Authorization', 'token s3cret']],
    [{ scheme: 'basic', username: 'me' }, ['Authorization', `Basic ${btoa('me:s3cret')}`]],
    [{ scheme: 'basic' }, ['Authorization', `Basic ${btoa(':s3cret')}`]],
    [{ scheme: 'header', header: 'X-Api-Key' }, ['X-Api-Key', 's3cret']],
    [{ scheme: 'Bearer', header: 'X-Auth' }, ['X-Auth', 'Bearer s3cret']],
  ] as const)('composes %j', (fields, field) => {
    expect(injectCredential([['A', '1']], auth(fields), 's3cret')).toEqual([['A', '1'], field]);
  });

  it('replaces every header of the same name', () => {
    const before = [
      ['authorization', 'own'],
      ['X', '1'],
      ['AUTHORIZATION', 'own'],
    ] as const;
    expect(injectCredential(before, auth({}), 's')).toEqual([
      ['X', '1'],
      ['Authorization', 'Bearer s'],
    ]);
  });

  it.each(['', ' ', 'a\r\nX: y', 'a\nb', 'a\rb', 'a\0b', 'a\x7f', 'a\n', ' a', 'a ', 'a\u20ac'])(
    'refuses the secret %j without repeating it',
    (secret) => {
      for (const scheme of ['Bearer', 'basic'] as const) {
        expect(() => injectCredential([], auth({ scheme }), `${secret}`)).toThrow(
          expect.objectContaining({ code: 'invalid_secret', data: { slot: 'EGRESS_TOKEN_0' } }),
        );
      }
    },
  );
});

describe('incoming headers', () => {
  it('drops hop-by-hop fields, those named by Connection, trailers and Alt-Svc', () => {
    const raw = [
      ['Connection', 'X-Hop, close'],
      ['X-Hop', '1'],
      ['Keep-Alive', 'timeout=5'],
      ['Transfer-Encoding', 'chunked'],
      ['Trailer', 'X'],
      ['Alt-Svc', 'h3=":443"'],
      ['Proxy-Authenticate', 'Basic'],
      ['Upgrade', 'h2c'],
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['Content-Length', '3'],
    ] as const;
    expect(incomingHeaders(raw, { authenticated: false })).toEqual([
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['Content-Length', '3'],
    ]);
  });

  it('drops what only egress may say, in any spelling', () => {
    const raw = [
      ['X-Bot-Bottle-Deny', 'host_not_allowed'],
      ['x-bot-bottle-anything', 'x'],
      ['X-Bot', 'kept'],
    ] as const;
    expect(incomingHeaders(raw, { authenticated: false })).toEqual([['X-Bot', 'kept']]);
  });

  it('keeps what says how a body is coded, whatever Connection names', () => {
    const raw = [
      ['Connection', 'Content-Encoding, Content-Length, X-Own'],
      ['Content-Encoding', 'gzip'],
      ['Content-Length', '3'],
      ['X-Own', '1'],
    ] as const;
    expect(incomingHeaders(raw, { authenticated: false }).map(([name]) => name)).toEqual([
      'Content-Encoding',
      'Content-Length',
    ]);
  });

  it('overwrites echoes on authenticated routes only', () => {
    const redact = (value: string): string => value.replaceAll('s3cret', '******');
    const raw = [['Location', '/?t=s3cret']] as const;
    expect(incomingHeaders(raw, { authenticated: true, redact })).toEqual([['Location', '/?t=******']]);
    expect(incomingHeaders(raw, { authenticated: false, redact })).toEqual(raw);
  });
});

describe('pinning the agent’s own credential', () => {
  const sent = (value: string, name = 'Authorization') => agentCredentials([[name, value]]);

  it('accepts the first and refuses another until it was approved', () => {
    const pins = createCredentialPins();
    expect(pins.accept('a.example', sent('Bearer one'))).toBe(true);
    expect(pins.accept('a.example', sent('Bearer one', 'AUTHORIZATION'))).toBe(true);
    expect(pins.accept('a.example', sent('Bearer two'))).toBe(false);
    expect(pins.accept('a.example', [])).toBe(true);
    for (const credential of sent('Bearer two')) pins.approve('a.example', credential);
    expect(pins.accept('a.example', sent('Bearer two'))).toBe(true);
  });

  it('keeps hosts and headers apart', () => {
    const pins = createCredentialPins();
    pins.accept('a.example', sent('one'));
    expect(pins.accept('b.example', sent('two'))).toBe(true);
    expect(pins.accept('a.example', sent('two', 'X-Api-Key'))).toBe(true);
  });

  it('refuses two different ones in one request and pins neither', () => {
    const pins = createCredentialPins();
    expect(pins.accept('a.example', [...sent('one'), ...sent('two')])).toBe(false);
    expect(pins.accept('a.example', sent('two'))).toBe(true);
  });

  it('holds hashes, not values', () => {
    expect(JSON.stringify(sent('Bearer one'))).not.toContain('one');
  });
});
