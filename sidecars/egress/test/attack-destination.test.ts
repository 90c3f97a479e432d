import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  connectTunnel,
  denyCode,
  get,
  HOST,
  openTls,
  rawExchange,
  readAnswer,
  route,
  startProxy,
  startUpstream,
  tlsExchange,
} from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let proxy: Proxy;
let a: string;
let reached = 0;

beforeAll(async () => {
  upstream = await startUpstream((_request, response) => {
    reached += 1;
    response.end('reached');
  });
  a = `${HOST}:${upstream.port}`;
  proxy = await startProxy({
    routes: [
      route(HOST, upstream.port),
      route('inner.test', upstream.port, { address_allowlist: [] }),
      route('meta.test', upstream.port, { address_allowlist: ['169.254.0.0/16'] }),
      route('localhost', upstream.port, { address_allowlist: [] }),
    ],
    config: { hosts: { [HOST]: '127.0.0.1', 'inner.test': '127.0.0.1', 'meta.test': '169.254.169.254' } },
  });
});

afterAll(async () => {
  await proxy.close();
  await upstream.close();
});

describe('one destination', () => {
  test('SNI other than CONNECT is misdirected', async () => {
    const secure = await openTls(proxy, a, { servername: 'other.test', verify: false });
    secure.write(get('/', a));
    const answer = await readAnswer(secure);
    expect(answer.status).toBe(421);
    expect(denyCode(answer)).toBe('misdirected');
    secure.destroy();
  });

  test('Host other than CONNECT is misdirected', async () => {
    expect(denyCode(await tlsExchange(proxy, a, get('/', `other.test:${upstream.port}`)))).toBe(
      'misdirected',
    );
  });

  test('Host with another port is misdirected', async () => {
    expect(denyCode(await tlsExchange(proxy, a, get('/', `${HOST}:1`)))).toBe('misdirected');
  });

  test('no SNI is fine, case and trailing dot do not matter', async () => {
    const secure = await openTls(proxy, a, { servername: '', verify: false });
    secure.write(get('/', `API.Test.:${upstream.port}`));
    expect((await readAnswer(secure)).status).toBe(200);
    secure.destroy();
  });

  test.each([
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '127.1',
    '127.0.0.1%00.api.test',
    'api.test%2e',
    '[::1%lo]',
  ])('CONNECT to %s is malformed', async (host) => {
    const { socket, answer } = await connectTunnel(proxy, `${host}:443`);
    expect(answer.status).toBe(400);
    socket.destroy();
  });

  test.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', '[64:ff9b::7f00:1]'])(
    'the literal %s is not a declared host',
    async (host) => {
      const before = reached;
      const port = upstream.port;
      expect(
        denyCode(
          await tlsExchange(proxy, `${host}:${port}`, get('/', `${host}:${port}`), { servername: '' }),
        ),
      ).toBe('host_not_allowed');
      expect(reached).toBe(before);
    },
  );
});

describe('addresses', () => {
  test.each(['inner.test', 'localhost', 'meta.test'])(
    '%s leads to an address that is not allowed',
    async (host) => {
      const before = reached;
      const b = `${host}:${upstream.port}`;
      const answer = await tlsExchange(proxy, b, get('/', b));
      expect(denyCode(answer)).toBe('address_not_allowed');
      expect(answer.body).not.toMatch(/127\.0\.0\.1|169\.254|::1/);
      expect(reached).toBe(before);
    },
  );

  test('an undeclared host is denied inside TLS, readably and without a look-up', async () => {
    const answer = await tlsExchange(proxy, 'undeclared.test:443', get('/p?q=1', 'undeclared.test'));
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({
      bot_bottle: 1,
      layer: 'egress',
      code: 'host_not_allowed',
      target: 'GET https://undeclared.test/p',
      retryable: false,
      ask: { tool: 'egress-block', arguments: { host: 'undeclared.test' } },
    });
  });

  test('an undeclared port is denied inside TLS', async () => {
    expect(denyCode(await tlsExchange(proxy, `${HOST}:444`, get('/', `${HOST}:444`)))).toBe(
      'port_not_allowed',
    );
  });

  test('plain HTTP to an undeclared host is denied, absolute and tunnelled', async () => {
    expect(denyCode(await rawExchange(proxy, get('http://undeclared.test/', 'undeclared.test')))).toBe(
      'host_not_allowed',
    );
    const { socket } = await connectTunnel(proxy, 'undeclared.test:80');
    socket.write(get('/', 'undeclared.test'));
    expect(denyCode(await readAnswer(socket))).toBe('host_not_allowed');
    socket.destroy();
  });

  test('a handshake that comes byte by byte is a handshake', async () => {
    const { socket } = await connectTunnel(proxy, a);
    const piecemeal = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        const step = (at: number) => {
          if (at >= Math.min(4, chunk.length)) return void socket.write(chunk.subarray(at), () => done());
          socket.write(chunk.subarray(at, at + 1), () => setTimeout(step, 5, at + 1));
        };
        step(0);
      },
    });
    socket.on('data', (chunk: Buffer) => piecemeal.push(chunk)).on('close', () => piecemeal.push(null));
    const secure = connectTls({ socket: piecemeal, ca: proxy.ca, servername: HOST });
    secure.on('error', () => undefined).on('secureConnect', () => secure.write(get('/', a)));
    expect((await readAnswer(secure)).status).toBe(200);
    secure.destroy();
  });

  test('a tunnel with neither TLS nor HTTP is opaque', async () => {
    const { socket } = await connectTunnel(proxy, a);
    socket.write('SSH-2.0-OpenSSH_9.2\r\n');
    expect(denyCode(await readAnswer(socket))).toBe('opaque_tunnel');
    socket.destroy();
  });

  test('plain HTTP in a tunnel to a TLS port is opaque', async () => {
    const before = reached;
    const { socket } = await connectTunnel(proxy, a);
    socket.write(get('/', a));
    expect(denyCode(await readAnswer(socket))).toBe('opaque_tunnel');
    expect(reached).toBe(before);
    socket.destroy();
  });
});
