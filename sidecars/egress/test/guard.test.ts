import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { createLeafMinter, mintAuthority } from '@bot-bottle/egress';
import type { Authority } from '@bot-bottle/egress';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  bearer,
  denyCode,
  get,
  HOST,
  listenLocal,
  rawExchange,
  route,
  SECRET,
  startProxy,
  startUpstream,
  tlsExchange,
} from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

const CREDENTIALED = 'credential.test';

let upstream: Upstream;
let guardCa: Authority;
let guard: Guard;
let proxy: Proxy;

beforeAll(async () => {
  guardCa = await mintAuthority({ bottle: 'guard', days: 1 });
  upstream = await startUpstream(
    (request, response) => {
      response.end(`sent ${request.headers.authorization}`);
    },
    [CREDENTIALED],
  );
});
afterAll(() => upstream.close());
beforeEach(async () => {
  guard = await startGuard();
});
afterEach(async () => {
  await proxy.close();
  guard.close();
});

interface Guard {
  readonly port: number;
  readonly asked: string[];
  /** hosts whose TLS it opens with a certificate of this CA */
  opens: { readonly hosts: string[]; readonly by: Authority };
  /** status of its answers to CONNECT */
  status: number;
  close(): void;
}

/** A second hop: opens TLS to some hosts and answers there itself, leads the others to the upstream. */
async function startGuard(): Promise<Guard> {
  const sockets = new Set<Duplex>();
  const inner = createHttpServer((request, response) =>
    response.end(`opened ${request.method} ${request.url}`),
  );
  const server: Server = createHttpServer((request, response) => {
    state.asked.push(`${request.method} ${request.url}`);
    response.end('in plaintext');
  });
  server.on('connection', (socket: Duplex) => sockets.add(socket));
  server.on('connect', (request, socket) => {
    state.asked.push(`CONNECT ${request.url}`);
    socket.on('error', () => undefined);
    if (state.status !== 200)
      return void socket.end(`HTTP/1.1 ${state.status} No\r\nContent-Length: 0\r\n\r\n`);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const host = String(request.url).replace(/:\d+$/, '');
    if (state.opens.hosts.includes(host)) return void open(host, socket);
    const onward = connect(upstream.port, '127.0.0.1', () => socket.pipe(onward).pipe(socket));
    onward.on('error', () => socket.destroy());
    sockets.add(onward);
  });
  const open = async (host: string, socket: Duplex): Promise<void> => {
    const leaf = await createLeafMinter(state.opens.by).leaf(host);
    const secure = new TLSSocket(socket, { isServer: true, cert: leaf.cert, key: leaf.key });
    secure.on('error', () => undefined);
    inner.emit('connection', secure);
  };
  const state: Guard = {
    port: await listenLocal(server),
    asked: [],
    opens: { hosts: [HOST], by: guardCa },
    status: 200,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return state;
}

async function behindGuard(more: { readonly port?: number; readonly ca?: string } = {}): Promise<void> {
  proxy = await startProxy({
    routes: [
      route(HOST, 443),
      route(CREDENTIALED, 443, { auth: bearer }),
      route('plain.test', 80, { scheme: 'http' }),
      route('inner.test', 443, { address_allowlist: [] }),
    ],
    config: {
      guard: {
        url: `http://127.0.0.1:${more.port ?? guard.port}`,
        ca: more.ca ?? guardCa.cert,
        passthrough_domains: [CREDENTIALED],
      },
    },
  });
}

const ask = (host: string) => tlsExchange(proxy, `${host}:443`, get('/x', host));

describe('the guard', () => {
  test('gets every request that egress allows, the name unresolved, and opens its TLS', async () => {
    await behindGuard();
    expect((await ask(HOST)).body).toBe('opened GET /x');
    expect(guard.asked).toEqual([`CONNECT ${HOST}:443`]);
  });

  test('gets plaintext requests in absolute form', async () => {
    await behindGuard();
    const answer = await rawExchange(proxy, get('http://plain.test/x', 'plain.test'));
    expect(answer.body).toBe('in plaintext');
    expect(guard.asked).toEqual(['GET http://plain.test/x']);
  });

  test('leads a credential to the real upstream, whose own certificate counts', async () => {
    await behindGuard();
    const answer = await ask(CREDENTIALED);
    expect(answer.body).toContain('*'.repeat(SECRET.length));
    expect(guard.asked).toEqual([`CONNECT ${CREDENTIALED}:443`]);
  });

  test('is not asked what egress denies', async () => {
    await behindGuard();
    expect(denyCode(await ask('other.test'))).toBe('host_not_allowed');
    expect(guard.asked).toEqual([]);
  });
});

describe('nothing passes when', () => {
  test('the name leads to an address that its own route does not allow', async () => {
    guard.opens.hosts.push('inner.test');
    await behindGuard();
    expect(denyCode(await ask('inner.test'))).toBe('address_not_allowed');
    expect(guard.asked).toEqual([]);
  });

  test('the guard opens what carries a credential', async () => {
    guard.opens = { hosts: [HOST, CREDENTIALED], by: guardCa };
    await behindGuard();
    expect(denyCode(await ask(CREDENTIALED))).toBe('upstream_tls');
  });

  test('the guard leaves closed what it should open', async () => {
    guard.opens = { hosts: [], by: guardCa };
    await behindGuard();
    expect(denyCode(await ask(HOST))).toBe('upstream_tls');
  });

  test('somebody else listens in its place', async () => {
    guard.opens = { hosts: [HOST, CREDENTIALED], by: await mintAuthority({ bottle: 'squatter', days: 1 }) };
    await behindGuard();
    expect(denyCode(await ask(HOST))).toBe('upstream_tls');
    expect(denyCode(await ask(CREDENTIALED))).toBe('upstream_tls');
  });

  test('it does not run', async () => {
    guard.close();
    await behindGuard();
    for (const host of [HOST, CREDENTIALED]) {
      const answer = await ask(host);
      expect(answer.status).toBe(503);
      expect(denyCode(answer)).toBe('guard_unavailable');
    }
    const plain = await rawExchange(proxy, get('http://plain.test/', 'plain.test'));
    expect(denyCode(plain)).toBe('guard_unavailable');
  });

  test('it dies between two requests, on a connection that was kept too', async () => {
    await behindGuard();
    expect((await ask(HOST)).status).toBe(200);
    guard.close();
    await expect.poll(async () => denyCode(await ask(HOST))).toBe('guard_unavailable');
  });

  test.each([
    [403, 403, 'guard_denied'],
    [429, 429, 'limit_exceeded'],
    [502, 502, 'upstream_unreachable'],
  ])('it answers CONNECT with %i', async (answered, status, code) => {
    guard.status = answered;
    await behindGuard();
    const answer = await ask(HOST);
    expect([answer.status, denyCode(answer)]).toEqual([status, code]);
  });
});

test('a refusal of the guard says what a human can be asked', async () => {
  guard.status = 403;
  await behindGuard();
  const body: unknown = JSON.parse((await ask(HOST)).body);
  expect(body).toMatchObject({
    code: 'guard_denied',
    ask: { tool: 'pipelock-block', arguments: { failed_url: `https://${HOST}/` } },
  });
  expect(proxy.events.at(-1)).toMatchObject({ action: 'request', outcome: 'denied', code: 'guard_denied' });
});

test('together with the proxy of the operator it is refused', async () => {
  const url = 'http://127.0.0.1:1';
  const start = startProxy({
    routes: [],
    config: {
      guard: { url, ca: guardCa.cert, passthrough_domains: [] },
      upstream_proxy: { url, no_proxy: [], has_credentials: false },
    },
  });
  await expect(start).rejects.toThrow('upstream_proxy');
  await behindGuard();
});
