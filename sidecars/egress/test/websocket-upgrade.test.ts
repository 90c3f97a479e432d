import { WebSocket, WebSocketServer } from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  bearer,
  connectTunnel,
  denyCode,
  get,
  HOST,
  openTls,
  route,
  SECRET,
  startProxy,
  startUpstream,
  tlsExchange,
  until,
} from './harness.ts';
import { connect as connectTls } from 'node:tls';
import type { Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let a: string;
let proxy: Proxy;
const authorizations: Array<string | undefined> = [];

beforeAll(async () => {
  upstream = await startUpstream((_request, response) => response.end('plain'));
  const server = new WebSocketServer({ server: upstream.server });
  server.on('connection', (socket, request) => {
    authorizations.push(request.headers.authorization);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  a = `${HOST}:${upstream.port}`;
});
afterAll(() => upstream.close());
afterEach(() => proxy.close());

const unscanned = { outbound: [], inbound: [], on_match: 'block' as const };
const key =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

async function client(): Promise<WebSocket> {
  const { socket } = await connectTunnel(proxy, a);
  const secure = connectTls({ socket, ca: proxy.ca, servername: HOST });
  await new Promise((resolve) => secure.once('secureConnect', resolve));
  const ws = new WebSocket(`ws://${a}/ws`, { createConnection: () => secure });
  await new Promise((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('error', reject);
  });
  return ws;
}

describe('websockets', () => {
  test('pass on a row that scans nothing, with the credential in the handshake', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port, { auth: bearer, dlp: unscanned })] });
    const ws = await client();
    expect(authorizations.at(-1)).toBe(`Bearer ${SECRET}`);
    const big = Buffer.alloc(2_000_000, 7);
    const echoed = new Promise<Buffer>((resolve) => ws.once('message', (data) => resolve(data as Buffer)));
    ws.send(big);
    expect((await echoed).equals(big)).toBe(true);
    ws.close();
    await new Promise((resolve) => ws.once('close', resolve));
  });

  test.each([
    ['at once', 2],
    ['in two pieces', 29],
  ])('a credential that comes back in a message %s is overwritten', async (_how, cut) => {
    const text = `you said: Bearer ${SECRET}, did you? l`;
    const echoing = await startUpstream((_request, response) => response.end());
    echoing.server.on('upgrade', (_request, socket) => {
      socket.on('error', () => undefined);
      const frame = Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.write(frame.subarray(0, cut));
      setTimeout(() => socket.write(frame.subarray(cut)), 5);
    });
    const b = `${HOST}:${echoing.port}`;
    proxy = await startProxy({ routes: [route(HOST, echoing.port, { auth: bearer, dlp: unscanned })] });
    const secure = await openTls(proxy, b);
    let got = '';
    secure.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')));
    secure.write(get('/ws', b, key));
    await until(() => got.endsWith('did you? l'));
    expect(got).not.toContain(SECRET);
    expect(got).toContain(`you said: Bearer ${'*'.repeat(SECRET.length)}, did you? l`);
    secure.destroy();
    await echoing.close();
  });

  test('are refused before any 101 where messages would have to be scanned', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port)] });
    const before = authorizations.length;
    const answer = await tlsExchange(proxy, a, get('/ws', a, key));
    expect(denyCode(answer)).toBe('upgrade_not_allowed');
    expect(answer.status).toBe(403);
    expect(authorizations.length).toBe(before);
  });

  test('Codex’s responses path answers 426', async () => {
    proxy = await startProxy({ routes: [route('chatgpt.com', 443)] });
    const answer = await tlsExchange(
      proxy,
      'chatgpt.com:443',
      get('/backend-api/codex/responses', 'chatgpt.com', key),
    );
    expect(answer.status).toBe(426);
    expect(denyCode(answer)).toBe('upgrade_not_allowed');
  });

  test('an answer other than 101 is an ordinary answer', async () => {
    const plain = await startUpstream((_request, response) => response.end('plain'));
    const b = `${HOST}:${plain.port}`;
    plain.server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno'),
    );
    proxy = await startProxy({ routes: [route(HOST, plain.port, { dlp: unscanned })] });
    const answer = await tlsExchange(proxy, b, get('/ws', b, key));
    expect(answer.status).toBe(404);
    expect(answer.body).toBe('no');
    await plain.close();
  });

  test('are cut when the row goes', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port, { dlp: unscanned })] });
    const ws = await client();
    const closed = new Promise((resolve) => ws.once('close', resolve));
    proxy.server.setTable({ version: 1, routes: [] });
    await closed;
  });

  test('are cut when the row begins to scan', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port, { dlp: unscanned })] });
    const ws = await client();
    const closed = new Promise((resolve) => ws.once('close', resolve));
    proxy.server.setTable({ version: 1, routes: [route(HOST, upstream.port)] });
    await closed;
  });

  test('end on both sides when one side goes', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port, { dlp: unscanned })] });
    const ws = await client();
    ws.terminate();
    await until(() => proxy.events.length > 0);
    await proxy.close();
  });
});
