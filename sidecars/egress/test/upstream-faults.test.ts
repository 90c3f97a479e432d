import { createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { createServer as createTcp } from 'node:net';
import { createLeafMinter, mintAuthority } from '@bot-bottle/egress';
import { afterEach, describe, expect, test } from 'vitest';
import {
  denyCode,
  get,
  HOST,
  listenLocal,
  openTls,
  readAnswer,
  route,
  startProxy,
  tlsExchange,
  upstreamAuthority,
} from './harness.ts';
import type { Proxy, ProxyOptions } from './harness.ts';

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An upstream that writes whatever it likes. */
async function rawUpstream(
  answer: (socket: TLSSocket) => void,
  host = HOST,
  foreignCa = false,
): Promise<number> {
  const ca = foreignCa ? await mintAuthority({ bottle: 'foreign', days: 1 }) : await upstreamAuthority();
  const leaf = await createLeafMinter(ca).leaf(host);
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert: leaf.cert, key: leaf.key }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  server.on('tlsClientError', () => undefined);
  const port = await listenLocal(server);
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return port;
}

async function proxyTo(
  port: number,
  config: ProxyOptions['config'] = {},
): Promise<{ proxy: Proxy; a: string }> {
  const proxy = await startProxy({ routes: [route(HOST, port)], config });
  closing.push(() => proxy.close());
  return { proxy, a: `${HOST}:${port}` };
}

const limits = { idle_ms: 700, connect_ms: 500 };

describe('an upstream that misbehaves', () => {
  test.each([
    ['garbage', 'not http at all\r\n\r\n'],
    [
      'an unasked 101',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
    ['an unasked 101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    [
      'nine informational answers',
      `${'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(9)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
    ],
    ['an endless head', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'length and chunked',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a coding of the transfer', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['an unknown transfer coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc'],
  ])('%s is upstream_invalid', async (_name, bytes) => {
    const port = await rawUpstream((socket) => socket.write(bytes));
    const { proxy, a } = await proxyTo(port);
    const answer = await tlsExchange(proxy, a, get('/', a));
    expect(denyCode(answer)).toBe('upstream_invalid');
    expect(answer.status).toBe(502);
  });

  test('eight informational answers are fine', async () => {
    const port = await rawUpstream((socket) =>
      socket.write(
        `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(8)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
      ),
    );
    const { proxy, a } = await proxyTo(port);
    expect((await tlsExchange(proxy, a, get('/', a))).body).toBe('ok');
  });

  test('a reset before the answer is upstream_unreachable', async () => {
    const port = await rawUpstream((socket) => socket.destroy());
    const { proxy, a } = await proxyTo(port);
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('upstream_unreachable');
  });

  test('garbage that ends without a head is upstream_invalid', async () => {
    const port = await rawUpstream((socket) => socket.end(Buffer.alloc(4096, '\x17\x03 no answer')));
    const { proxy, a } = await proxyTo(port);
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('upstream_invalid');
  });

  test('a body cut short is not passed off as whole', async () => {
    const port = await rawUpstream((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'),
    );
    const { proxy, a } = await proxyTo(port);
    const answer = await tlsExchange(proxy, a, get('/', a)).catch(() => null);
    expect(answer?.headers['content-length'] ?? '100').toBe('100');
    expect(answer?.body.length ?? 0).toBeLessThan(100);
  });

  test('a body that is malformed before any of its answer has left is upstream_invalid', async () => {
    const port = await rawUpstream((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\n'),
    );
    const { proxy, a } = await proxyTo(port);
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('upstream_invalid');
  });

  test('silence ends with upstream_timeout', async () => {
    const port = await rawUpstream(() => undefined);
    const { proxy, a } = await proxyTo(port, { limits });
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('upstream_timeout');
  });

  test('a body that stops coming is cut', async () => {
    const port = await rawUpstream((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'),
    );
    const { proxy, a } = await proxyTo(port, { limits });
    const secure = await openTls(proxy, a);
    secure.write(get('/', a));
    secure.resume();
    await new Promise((resolve) => secure.once('close', resolve));
  });

  test('a certificate of an unknown CA is upstream_tls', async () => {
    const port = await rawUpstream((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'), HOST, true);
    const { proxy, a } = await proxyTo(port);
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('upstream_tls');
  });

  test('a certificate for another name is upstream_tls', async () => {
    const port = await rawUpstream((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'), 'other.test');
    const { proxy, a } = await proxyTo(port);
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('upstream_tls');
  });

  test('a port that speaks no TLS is upstream_tls', async () => {
    const server = createTcp((socket) => {
      socket.on('error', () => undefined);
      socket.resume().end('SSH-2.0-x\r\n');
    });
    const port = await listenLocal(server);
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const { proxy, a } = await proxyTo(port);
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('upstream_tls');
  });

  test('a handshake that never ends is upstream_timeout', async () => {
    const server = createTcp((socket) => socket.on('error', () => undefined).resume());
    const port = await listenLocal(server);
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const { proxy, a } = await proxyTo(port, { limits });
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('upstream_timeout');
  });

  test('a closed port is upstream_unreachable, without its address', async () => {
    const server = createTcp();
    const port = await listenLocal(server);
    await new Promise((resolve) => server.close(resolve));
    const { proxy, a } = await proxyTo(port);
    const answer = await tlsExchange(proxy, a, get('/', a));
    expect(denyCode(answer)).toBe('upstream_unreachable');
    expect(answer.body).not.toContain('127.0.0.1');
    expect(proxy.events.at(-1)).toMatchObject({ outcome: 'failed', code: 'upstream_unreachable' });
  });

  test('an upstream that does not read an upload is upstream_timeout, which is not the agent’s fault', async () => {
    const port = await rawUpstream((socket) => socket.pause());
    const { proxy, a } = await proxyTo(port, { limits });
    const secure = await openTls(proxy, a);
    secure.write(`POST / HTTP/1.1\r\nHost: ${a}\r\nContent-Length: 50000000\r\n\r\n`);
    const block = Buffer.alloc(1_000_000, 'a');
    const more = (): void => {
      while (!secure.destroyed && secure.write(block));
    };
    secure.on('drain', more);
    more();
    expect(denyCode(await readAnswer(secure))).toBe('upstream_timeout');
    secure.destroy();
  });

  test('an early answer to a long upload is passed on and the connection closed', async () => {
    const port = await rawUpstream((socket) => {
      socket.resume();
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig');
    });
    const { proxy, a } = await proxyTo(port);
    const secure = await openTls(proxy, a);
    secure.write(`POST / HTTP/1.1\r\nHost: ${a}\r\nContent-Length: 50000000\r\n\r\n`);
    secure.write(Buffer.alloc(1_500_000, 'a'));
    const answer = await readAnswer(secure);
    expect(answer.status).toBe(413);
    expect(answer.headers['connection']).toBe('close');
    secure.destroy();
  });
});
