import type { Route } from '@bot-bottle/egress';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  bearer,
  denyCode,
  get,
  HOST,
  openTls,
  route,
  startProxy,
  startUpstream,
  tlsExchange,
  until,
} from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let a: string;
let proxy: Proxy;
let open = 0;

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    if (!request.url?.startsWith('/stream')) return void response.end('ok');
    open += 1;
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const timer = setInterval(() => response.write('data: x\n\n'), 20);
    response.on('close', () => {
      clearInterval(timer);
      open -= 1;
    });
  });
  a = `${HOST}:${upstream.port}`;
});
afterAll(() => upstream.close());
afterEach(() => proxy.close());

const table = (...routes: ReturnType<typeof route>[]) => ({ version: 1, routes });

const narrowings: ReadonlyArray<readonly [string, Partial<Route>, Partial<Route>]> = [
  ['an env secret', { env_secrets: ['MAIL_KEY'] }, {}],
  ['a header of the agent', { agent_headers: ['cookie'] }, {}],
  ['the agent’s own credential', { authorization: 'agent' }, {}],
  ['an address', { address_allowlist: ['127.0.0.1/32', '10.0.0.0/8'] }, {}],
  [
    'the way round a finding',
    { dlp: { outbound: ['canary'], inbound: [], on_match: 'warn' } },
    { dlp: { outbound: ['canary'], inbound: [], on_match: 'block' } },
  ],
];

async function startStream(
  path = '/stream',
): Promise<{ text: () => string; closed: Promise<unknown>; end: () => void }> {
  const secure = await openTls(proxy, a);
  let text = '';
  secure.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const closed = new Promise((resolve) => secure.once('close', resolve));
  secure.write(get(path, a));
  await until(() => text.includes('data: x'));
  return { text: () => text, closed, end: () => secure.destroy() };
}

describe('a new table', () => {
  test('is in force at once and its digest is given', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port)] });
    const before = proxy.server.digest;
    const digest = proxy.server.setTable(table(route('other.test', 443)));
    expect(digest).not.toBe(before);
    expect(proxy.server.digest).toBe(digest);
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('host_not_allowed');
  });

  test('that is invalid is refused and the old one kept', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port)] });
    const before = proxy.server.digest;
    expect(() => proxy.server.setTable({ version: 1, routes: [{ host: '*' }] })).toThrow();
    expect(proxy.server.digest).toBe(before);
    expect((await tlsExchange(proxy, a, get('/', a))).status).toBe(200);
  });

  test('applies to the next request of an open tunnel', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port)] });
    const secure = await openTls(proxy, a);
    proxy.server.setTable(table(route(HOST, upstream.port, { path_allowlist: ['/v1'] })));
    let text = '';
    secure.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    secure.write(get('/v2', a));
    await until(() => text.includes('path_not_allowed'));
    secure.destroy();
  });

  test('that narrows cuts what it does not allow any more', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port)] });
    const stream = await startStream();
    proxy.server.setTable(table(route(HOST, upstream.port, { path_allowlist: ['/v1'] })));
    await stream.closed;
    await until(() => open === 0);
  });

  test.each(narrowings)('that takes %s away cuts', async (_what, before, after) => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port, before)] });
    const stream = await startStream();
    proxy.server.setTable(table(route(HOST, upstream.port, after)));
    await stream.closed;
  });

  test('that does not narrow lets a stream go on', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port)] });
    const stream = await startStream();
    proxy.server.setTable(table(route(HOST, upstream.port), route('more.test', 443)));
    const length = stream.text().length;
    await until(() => stream.text().length > length + 50);
    stream.end();
    await until(() => open === 0);
  });

  test('that takes the credential away cuts streams that used it', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port, { auth: bearer })] });
    const stream = await startStream();
    proxy.server.setTable(table(route(HOST, upstream.port)));
    await stream.closed;
  });
});

describe('a grant', () => {
  test('ends on the given clock, and its streams within 5 s', async () => {
    let now = 1_000_000;
    const base = route(HOST, upstream.port, { path_allowlist: ['/v1'] });
    const grant = route(HOST, upstream.port, {
      owner: 'grant',
      path_allowlist: ['/stream'],
      expires_at: 1_001_000,
    });
    proxy = await startProxy({ routes: [base, grant], now: () => now });
    const stream = await startStream();
    now = 1_001_000;
    await stream.closed;
    expect(denyCode(await tlsExchange(proxy, a, get('/stream', a)))).toBe('path_not_allowed');
  });

  test('carries the base credential only when it says so', async () => {
    const seen: Array<string | undefined> = [];
    const probe = await startUpstream((request, response) => {
      seen.push(request.headers.authorization);
      response.end('ok');
    });
    const b = `${HOST}:${probe.port}`;
    const base = route(HOST, probe.port, { path_allowlist: ['/v1'], auth: bearer });
    const grant = (inject: boolean) =>
      route(HOST, probe.port, { owner: 'grant', path_allowlist: ['/v2'], inject });
    proxy = await startProxy({ routes: [base, grant(false)] });
    await tlsExchange(proxy, b, get('/v2', b, 'Authorization: Bearer own\r\n'));
    proxy.server.setTable(table(base, grant(true)));
    await tlsExchange(proxy, b, get('/v2', b));
    expect(seen[0]).toBeUndefined();
    expect(seen[1]).toMatch(/^Bearer live-/);
    await probe.close();
  });
});

describe('secrets', () => {
  test('are replaced without a restart', async () => {
    const seen: Array<string | undefined> = [];
    const probe = await startUpstream((request, response) => {
      seen.push(request.headers.authorization);
      response.end('ok');
    });
    const b = `${HOST}:${probe.port}`;
    proxy = await startProxy({ routes: [route(HOST, probe.port, { auth: bearer })] });
    await tlsExchange(proxy, b, get('/', b));
    proxy.server.setSecrets({ EGRESS_TOKEN_0: 'renewed-token-0123456789' });
    await tlsExchange(proxy, b, get('/', b));
    expect(seen[1]).toBe('Bearer renewed-token-0123456789');
    await probe.close();
  });

  test('that are missing or cannot be sent are credential_unavailable', async () => {
    proxy = await startProxy({
      routes: [route(HOST, upstream.port, { auth: bearer })],
      secrets: { EGRESS_TOKEN_0: '' },
    });
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('credential_unavailable');
    proxy.server.setSecrets({ EGRESS_TOKEN_0: 'line\r\nbreak-0123456789' });
    const answer = await tlsExchange(proxy, a, get('/', a));
    expect(denyCode(answer)).toBe('credential_unavailable');
    expect(answer.raw).not.toContain('break');
  });
});

describe('the agent’s own credential', () => {
  test('passes where the route says agent, is pinned, and another one is refused', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port, { authorization: 'agent' })] });
    const own = (value: string) => get('/', a, `Authorization: Bearer ${value}\r\n`);
    expect((await tlsExchange(proxy, a, own('first-credential-000'))).status).toBe(200);
    expect((await tlsExchange(proxy, a, own('first-credential-000'))).status).toBe(200);
    expect(denyCode(await tlsExchange(proxy, a, own('other-credential-111')))).toBe('credential_changed');
  });
});
