import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  connectTunnel,
  denyCode,
  dial,
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
import type { Proxy, ProxyOptions, Upstream } from './harness.ts';

let upstream: Upstream;
let a: string;
const closing: Array<() => Promise<unknown>> = [];

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    request.resume().on('end', () => response.end('ok'));
  });
  a = `${HOST}:${upstream.port}`;
});
afterAll(() => upstream.close());
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function limited(limits: NonNullable<ProxyOptions['config']>['limits']): Promise<Proxy> {
  const proxy = await startProxy({ routes: [route(HOST, upstream.port)], config: { limits } });
  closing.push(() => proxy.close());
  return proxy;
}

const ended = (socket: NodeJS.EventEmitter) => new Promise((resolve) => socket.once('close', resolve));

describe('limits', () => {
  test('a head over the limit is refused', async () => {
    const proxy = await limited({});
    const answer = await tlsExchange(proxy, a, get('/', a, `X: ${'a'.repeat(70_000)}\r\n`));
    expect(denyCode(answer)).toBe('malformed_request');
  });

  test('a head that never ends is refused at the limit', async () => {
    const proxy = await limited({});
    const answer = await tlsExchange(proxy, a, `GET / HTTP/1.1\r\nX: ${'a'.repeat(70_000)}`);
    expect(denyCode(answer)).toBe('malformed_request');
  });

  test('a head sent byte by byte (slowloris) is cut in time', async () => {
    const proxy = await limited({ first_byte_ms: 200 });
    const secure = await openTls(proxy, a);
    const drip = setInterval(() => secure.write('G'), 20);
    const answer = await readAnswer(secure);
    clearInterval(drip);
    expect(denyCode(answer)).toBe('malformed_request');
    secure.destroy();
  });

  test('a connection that says nothing is closed', async () => {
    const proxy = await limited({ first_byte_ms: 150 });
    const socket = await dial(proxy);
    socket.resume();
    await ended(socket);
  });

  test('a tunnel that says nothing is closed', async () => {
    const proxy = await limited({ first_byte_ms: 150 });
    const { socket } = await connectTunnel(proxy, a);
    socket.resume();
    await ended(socket);
  });

  test('a tunnel that begins a handshake and stops is closed', async () => {
    const proxy = await limited({ first_byte_ms: 150 });
    const { socket } = await connectTunnel(proxy, 'undeclared.test:443');
    socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
    socket.resume();
    await ended(socket);
  });

  test('a body that stops is refused in time', async () => {
    const proxy = await limited({ idle_ms: 200 });
    const answer = await tlsExchange(
      proxy,
      a,
      `POST / HTTP/1.1\r\nHost: ${a}\r\nContent-Length: 10\r\n\r\nabc`,
    );
    expect(denyCode(answer)).toBe('malformed_request');
  });

  test('connections over the cap get 429', async () => {
    const proxy = await limited({ tunnels: 2 });
    const first = await openTls(proxy, a);
    const second = await openTls(proxy, a);
    const answer = await rawExchange(proxy, '');
    expect(answer.status).toBe(429);
    expect(answer.reason).toBe('limit_exceeded');
    first.destroy();
    second.destroy();
  });

  test('denial tunnels over the cap get a bare 403 with the code as reason', async () => {
    const proxy = await limited({ denial_tunnels: 1 });
    const first = await connectTunnel(proxy, 'one.test:443');
    expect(first.answer.status).toBe(200);
    const second = await connectTunnel(proxy, 'two.test:443');
    expect(second.answer.status).toBe(403);
    expect(second.answer.reason).toBe('host_not_allowed');
    first.socket.destroy();
    second.socket.destroy();
  });

  test('a cap on denials is free again once they are over', async () => {
    const proxy = await limited({ denial_tunnels: 1 });
    for (const host of ['one.test', 'two.test', 'three.test']) {
      expect(denyCode(await tlsExchange(proxy, `${host}:443`, get('/', host)))).toBe('host_not_allowed');
    }
  });

  test('bodies over the shared budget wait and are then refused, and the budget comes back', async () => {
    const proxy = await limited({ held_bytes: 300_000, idle_ms: 400 });
    const body = Buffer.alloc(400_000, 'a');
    const bytes = Buffer.concat([
      Buffer.from(`POST / HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${body.length}\r\n\r\n`),
      body,
    ]);
    expect(denyCode(await tlsExchange(proxy, a, bytes))).toBe('limit_exceeded');
    const small = Buffer.alloc(200_000, 'a');
    for (let i = 0; i < 3; i += 1) {
      const head = Buffer.from(`POST / HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${small.length}\r\n\r\n`);
      expect((await tlsExchange(proxy, a, Buffer.concat([head, small]))).status).toBe(200);
    }
  });
});

test('bodies do not count against the shared budget while their answers stream', async () => {
  const streaming = await startUpstream((request, response) => {
    request.resume().on('end', () => response.writeHead(200).write('data: 1\n\n'));
  });
  const b = `${HOST}:${streaming.port}`;
  const proxy = await startProxy({
    routes: [route(HOST, streaming.port)],
    config: { limits: { held_bytes: 900_000, idle_ms: 2_000 } },
  });
  const body = Buffer.alloc(400_000, 'a');
  const head = Buffer.from(`POST / HTTP/1.1\r\nHost: ${b}\r\nContent-Length: ${body.length}\r\n\r\n`);
  const open = [];
  for (let i = 0; i < 5; i += 1) {
    const secure = await openTls(proxy, b);
    secure.write(Buffer.concat([head, body]));
    const first = await new Promise<Buffer>((resolve) => secure.once('data', resolve));
    expect(first.toString('latin1', 0, 12)).toBe('HTTP/1.1 200');
    open.push(secure);
  }
  for (const secure of open) secure.destroy();
  await proxy.close();
  await streaming.close();
});
