import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { createLeafMinter } from '@bot-bottle/egress';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
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
  upstreamAuthority,
} from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let a: string;
let proxy: Proxy;
const asked: Array<{ method: string; target: string; authorization: string | undefined }> = [];
const closing: Array<() => void> = [];

beforeAll(async () => {
  upstream = await startUpstream((request, response) =>
    response.end(`sent ${request.headers.authorization}`),
  );
  a = `${HOST}:${upstream.port}`;
});
afterAll(() => upstream.close());
afterEach(async () => {
  await proxy.close();
  for (const close of closing.splice(0)) close();
  asked.length = 0;
});

/** An operator's proxy: tunnels everything to the upstream, answers absolute-form requests itself. */
async function corporate(tls: boolean, status = 200): Promise<number> {
  const leaf = await createLeafMinter(await upstreamAuthority()).leaf('localhost');
  const server = tls ? createTlsServer({ cert: leaf.cert, key: leaf.key }) : createServer();
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => sockets.add(socket));
  server.on('request', (request, response) => {
    asked.push({
      method: 'GET',
      target: request.url ?? '',
      authorization: request.headers['proxy-authorization'],
    });
    response.end(`plain ${request.headers.host}`);
  });
  server.on('connect', (request, socket: Duplex) => {
    asked.push({
      method: 'CONNECT',
      target: request.url ?? '',
      authorization: request.headers['proxy-authorization'],
    });
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
    const onward = connect(upstream.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\nX-Proxy: 1\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const port = await listenLocal(server);
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return port;
}

async function through(
  url: string,
  routes = [route(HOST, upstream.port, { auth: bearer, address_allowlist: [] })],
  noProxy: string[] = [],
): Promise<void> {
  proxy = await startProxy({
    routes,
    config: {
      hosts: { localhost: '127.0.0.1' },
      upstream_proxy: { url, no_proxy: noProxy, has_credentials: true },
    },
    secrets: { EGRESS_UPSTREAM_PROXY_AUTH: 'user:pass-word-0123456789' },
  });
}

const basic = `Basic ${Buffer.from('user:pass-word-0123456789').toString('base64')}`;

describe('a corporate proxy', () => {
  test.each([
    ['http', false],
    ['https', true],
  ] as const)(
    'over %s gets the name unresolved and its credentials; TLS goes to the upstream',
    async (scheme, tls) => {
      const port = await corporate(tls);
      await through(`${scheme}://localhost:${port}`);
      const answer = await tlsExchange(proxy, a, get('/', a));
      expect(answer.status).toBe(200);
      expect(answer.body).toContain('*'.repeat(SECRET.length));
      expect(asked).toEqual([{ method: 'CONNECT', target: a, authorization: basic }]);
    },
  );

  test('gets plaintext requests in absolute form', async () => {
    const port = await corporate(false);
    await through(`http://localhost:${port}`, [
      route('plain.test', 80, { scheme: 'http', address_allowlist: [] }),
    ]);
    const answer = await rawExchange(proxy, get('http://plain.test/x?y=1', 'plain.test'));
    expect(answer.body).toBe('plain plain.test');
    expect(asked).toEqual([{ method: 'GET', target: 'http://plain.test/x?y=1', authorization: basic }]);
  });

  test('is left out for no_proxy, and then addresses are checked', async () => {
    const port = await corporate(false);
    await through(
      `http://localhost:${port}`,
      [route(HOST, upstream.port, { address_allowlist: [] })],
      ['.test'],
    );
    expect(asked).toEqual([]);
    const answer = await tlsExchange(proxy, a, get('/', a));
    expect(['address_not_allowed', 'upstream_unreachable']).toContain(denyCode(answer));
    expect(asked).toEqual([]);
  });

  test('that refuses is upstream_unreachable and its credentials stay unseen', async () => {
    const port = await corporate(false, 407);
    await through(`http://localhost:${port}`);
    const answer = await tlsExchange(proxy, a, get('/', a));
    expect(denyCode(answer)).toBe('upstream_unreachable');
    expect(answer.raw + JSON.stringify(proxy.events) + JSON.stringify(proxy.logs)).not.toMatch(
      /pass-word|dXNlcj/,
    );
  });
});
