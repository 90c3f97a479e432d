import { createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { createLeafMinter } from '@bot-bottle/egress';
import { afterEach, describe, expect, test } from 'vitest';
import { denyCode, HOST, listenLocal, route, startProxy, tlsExchange, upstreamAuthority } from './harness.ts';
import type { Answer, Proxy, ProxyOptions } from './harness.ts';

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Act = (socket: TLSSocket) => unknown;
const answer: Act = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
const headOnly: Act = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
const end: Act = (socket) => socket.end();
const reset: Act = (socket) => socket.destroy();

interface Rig {
  readonly proxy: Proxy;
  readonly authority: string;
  /** number of the connection that each request came on */
  readonly seen: number[];
  readonly ask: (method: string, rest?: string) => Promise<Answer>;
}

/** An upstream that does the next of `acts` with each request. */
async function rig(acts: Act[], config: ProxyOptions['config'] = {}): Promise<Rig> {
  const leaf = await createLeafMinter(await upstreamAuthority()).leaf(HOST);
  const seen: number[] = [];
  const sockets: TLSSocket[] = [];
  const server = createServer({ cert: leaf.cert, key: leaf.key }, (socket) => {
    const number = sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      if (!/ HTTP\/1\.1\r\n/.test(chunk.toString('latin1'))) return;
      seen.push(number);
      acts.shift()?.(socket);
    });
  });
  const port = await listenLocal(server);
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const proxy = await startProxy({ routes: [route(HOST, port)], config });
  closing.push(() => proxy.close());
  const authority = `${HOST}:${port}`;
  const ask = (method: string, rest = '\r\n') =>
    tlsExchange(proxy, authority, `${method} / HTTP/1.1\r\nHost: ${authority}\r\n${rest}`);
  return { proxy, authority, seen, ask };
}

describe('a request that meets the close of a kept connection', () => {
  test.each([
    ['GET', end, answer],
    ['GET', reset, answer],
    ['HEAD', end, headOnly],
    ['HEAD', reset, headOnly],
  ])('is repeated on a new connection: %s', async (method, close, then) => {
    const { ask, seen } = await rig([answer, close, then]);
    expect((await ask('GET')).status).toBe(200);
    expect((await ask(method)).status).toBe(200);
    expect(seen).toEqual([1, 1, 2]);
  });

  test('is repeated once, and never on another kept connection', async () => {
    const held: TLSSocket[] = [];
    const hold: Act = (socket) => held.push(socket);
    const { ask, seen } = await rig([hold, hold, end, end, answer]);
    const both = [ask('GET'), ask('GET')];
    await expect.poll(() => held.length).toBe(2);
    for (const socket of held) answer(socket);
    await Promise.all(both);
    expect(denyCode(await ask('GET'))).toBe('upstream_unreachable');
    expect(seen.length).toBe(4);
    expect(seen[3]).toBe(3);
  });

  test.each([
    ['POST', 'Content-Length: 2\r\n\r\nhi'],
    ['POST', 'Content-Length: 0\r\n\r\n'],
    ['PUT', 'Content-Length: 2\r\n\r\nhi'],
    ['DELETE', '\r\n'],
    ['OPTIONS', '\r\n'],
    ['PROPFIND', '\r\n'],
    ['GET', 'Content-Length: 2\r\n\r\nhi'],
    ['GET', 'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'],
    ['HEAD', 'Content-Length: 2\r\n\r\nhi'],
  ])('is never repeated when it could do something twice: %s %j', async (method, rest) => {
    const { ask, seen } = await rig([answer, end, answer]);
    await ask('GET');
    expect(denyCode(await ask(method, rest))).toBe('upstream_unreachable');
    expect(seen).toEqual([1, 1]);
  });

  test.each([
    ['part of a status line', 'HTTP/1.1'],
    ['an informational answer', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['a head without its body', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'],
  ])('is never repeated after %s', async (_what, bytes) => {
    const { ask, seen } = await rig([answer, (socket) => socket.end(bytes), answer]);
    await ask('GET');
    await ask('GET').catch(() => null);
    expect(seen).toEqual([1, 1]);
  });

  test('is not repeated on a connection of its own, nor after a time limit', async () => {
    const fresh = await rig([end, answer]);
    expect(denyCode(await fresh.ask('GET'))).toBe('upstream_unreachable');
    expect(fresh.seen).toEqual([1]);
    const slow = await rig([answer, () => undefined, answer], { limits: { idle_ms: 500 } });
    await slow.ask('GET');
    expect(denyCode(await slow.ask('GET'))).toBe('upstream_timeout');
    expect(slow.seen).toEqual([1, 1]);
  });
});
