import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  bearer,
  CANARY,
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
import type { Proxy } from './harness.ts';
import {
  closed,
  frame,
  handshake,
  handshakeKey,
  nextMessage,
  openClient,
  openRawAgent,
  startEchoServer,
  startRawServer,
  switching,
} from './websocket-kit.ts';

let echo: Awaited<ReturnType<typeof startEchoServer>>;
let a: string;
let proxy: Proxy;

beforeAll(async () => {
  echo = await startEchoServer();
  a = `${HOST}:${echo.port}`;
});
afterAll(() => echo.close());
afterEach(() => proxy.close());

const unscanned = { outbound: [], inbound: [], on_match: 'block' as const };

describe('a WebSocket', () => {
  test.each([
    ['scans', {}],
    ['scans nothing', { dlp: unscanned }],
  ])('passes on a row that %s, with the credential in the handshake', async (_name, more) => {
    proxy = await startProxy({ routes: [route(HOST, echo.port, { auth: bearer, ...more })] });
    const client = await openClient(proxy, a);
    expect(echo.heads.at(-1)?.headers.authorization).toBe(`Bearer ${SECRET}`);
    const big = Buffer.alloc(2_000_000, 7);
    const answer = nextMessage(client);
    client.send(big);
    expect((await answer).equals(big)).toBe(true);
    client.close();
    expect(await closed(client)).toBe('1005');
    expect(proxy.events.at(-1)).toMatchObject({ action: 'upgrade', outcome: 'allowed' });
  });

  test('is offered to the server without extensions, and with the subprotocols of the agent', async () => {
    proxy = await startProxy({ routes: [route(HOST, echo.port)] });
    const client = await openClient(proxy, a, ['one', 'two'], { perMessageDeflate: true });
    expect(echo.heads.at(-1)?.headers['sec-websocket-extensions']).toBeUndefined();
    expect(client.extensions).toBe('');
    expect(client.protocol).toBe('two');
    client.terminate();
  });

  test('is refused before anything is dialled when the handshake carries a secret', async () => {
    proxy = await startProxy({ routes: [route(HOST, echo.port)] });
    const before = echo.heads.length;
    const answer = await tlsExchange(
      proxy,
      a,
      get('/ws', a, `${handshake}Sec-WebSocket-Protocol: ${CANARY}\r\n`),
    );
    expect(denyCode(answer)).toBe('dlp_blocked');
    expect(echo.heads.length).toBe(before);
  });

  test('is cut with a reason when its row goes', async () => {
    proxy = await startProxy({ routes: [route(HOST, echo.port)] });
    const client = await openClient(proxy, a);
    const end = closed(client);
    proxy.server.setTable({ version: 1, routes: [] });
    expect(await end).toMatch(/^1008 bot-bottle host_not_allowed: /);
    expect(proxy.events.at(-1)).toMatchObject({ action: 'message', code: 'host_not_allowed' });
  });

  test('is cut when its row expires', async () => {
    let now = 1_000_000;
    proxy = await startProxy({
      routes: [route(HOST, 1), route(HOST, echo.port, { owner: 'grant', expires_at: 1_060_000 })],
      now: () => now,
    });
    const client = await openClient(proxy, a);
    const end = closed(client);
    now = 1_060_001;
    expect(await end).toMatch(/^1008 bot-bottle host_not_allowed: /);
  });

  test('is cut when its row begins to scan, and goes on when it does not narrow', async () => {
    proxy = await startProxy({ routes: [route(HOST, echo.port, { dlp: unscanned })] });
    const client = await openClient(proxy, a);
    proxy.server.setTable({
      version: 1,
      routes: [route(HOST, echo.port, { dlp: unscanned }), route('b.test', 1)],
    });
    const answer = nextMessage(client);
    client.send('still there');
    expect((await answer).toString()).toBe('still there');
    const end = closed(client);
    proxy.server.setTable({ version: 1, routes: [route(HOST, echo.port)] });
    expect(await end).toMatch(/^1008 /);
  });

  test('ends with 1001 as soon as the sidecar stops', async () => {
    proxy = await startProxy({ routes: [route(HOST, echo.port)] });
    const client = await openClient(proxy, a);
    const end = closed(client);
    const stopping = proxy.close();
    expect(await end).toMatch(/^1001 bot-bottle shutting_down: /);
    await stopping;
  });

  test('ends when nothing passes for too long', async () => {
    proxy = await startProxy({ routes: [route(HOST, echo.port)], config: { limits: { idle_ms: 300 } } });
    const client = await openClient(proxy, a);
    expect(await closed(client)).toBe('1001 idle');
  });

  test('ends on both sides when one side goes', async () => {
    const server = await startRawServer();
    proxy = await startProxy({ routes: [route(HOST, server.port)] });
    const b = `${HOST}:${server.port}`;
    const agent = await openRawAgent(proxy, b);
    agent.socket.destroy();
    await until(() => server.isClosed());
    const other = await openRawAgent(proxy, b);
    server.write(frame('text', 'last words'));
    server.end();
    await other.seen.have('text last words');
    await until(() => other.isClosed());
    await server.close();
  });

  test('carries the last message of an agent that closes its side right after it', async () => {
    const server = await startRawServer();
    proxy = await startProxy({ routes: [route(HOST, server.port)] });
    const agent = await openRawAgent(proxy, `${HOST}:${server.port}`);
    agent.write(frame('text', 'last words'));
    agent.socket.end();
    await server.seen.have('text last words');
    await until(() => server.isClosed());
    await server.close();
  });
});

describe('a handshake that does not succeed', () => {
  test('an answer other than 101 is an ordinary answer, and what follows is never parsed', async () => {
    const requests: string[] = [];
    const plain = await startUpstream((request, response) => {
      requests.push(String(request.url));
      response.end('plain');
    });
    plain.server.on('upgrade', (_request, socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno');
    });
    const b = `${HOST}:${plain.port}`;
    proxy = await startProxy({ routes: [route(HOST, plain.port)] });
    const secure = await openTls(proxy, b);
    let got = '';
    secure.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')));
    secure.write(get('/ws', b, handshake) + get('/smuggled', b));
    await until(() => secure.destroyed);
    expect(got).toMatch(/^HTTP\/1\.1 404 .*Connection: close\r\n\r\nno$/s);
    expect(requests).toEqual([]);
    await plain.close();
  });

  test.each<[string, string]>([
    ['no accept', switching.replace(/Sec-WebSocket-Accept: .*\r\n/, '')],
    ['another accept', switching.replace(/Accept: ./, 'Accept: /')],
    ['a subprotocol that nobody offered', `${switching}Sec-WebSocket-Protocol: chat\r\n`],
    ['an extension', `${switching}Sec-WebSocket-Extensions: permessage-deflate\r\n`],
    ['another protocol', switching.replace('Upgrade: websocket', 'Upgrade: h2c')],
  ])('a 101 with %s is upstream_invalid', async (_name, head) => {
    const server = await startRawServer(`${head}\r\n`);
    proxy = await startProxy({ routes: [route(HOST, server.port)] });
    const b = `${HOST}:${server.port}`;
    const answer = await tlsExchange(proxy, b, get('/ws', b, handshake));
    expect(answer.status).toBe(502);
    expect(denyCode(answer)).toBe('upstream_invalid');
    await until(() => server.isClosed());
    await server.close();
  });

  test.each<[string, string]>([
    ['another version', handshake.replace('13', '14')],
    ['no key', handshake.replace(/Sec-WebSocket-Key: .*\r\n/, '')],
    ['two keys', `${handshake}Sec-WebSocket-Key: ${handshakeKey}\r\n`],
    ['a key of another length', handshake.replace(handshakeKey, 'AAAA')],
    ['a body', `${handshake}Content-Length: 4\r\n`],
    ['h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'],
    ['two protocols', `${handshake}Upgrade: h2c\r\n`],
  ])('%s is refused here', async (_name, headers) => {
    proxy = await startProxy({ routes: [route(HOST, echo.port)] });
    const before = echo.heads.length;
    const answer = await tlsExchange(proxy, a, get('/ws', a, headers));
    expect(denyCode(answer)).toBe('upgrade_not_allowed');
    expect(answer.status).toBe(403);
    expect(echo.heads.length).toBe(before);
  });

  test.each([
    ['host', [], 'host_not_allowed'],
    ['method', [route('chatgpt.com', 443, { methods: ['POST'] })], 'method_not_allowed'],
    ['path', [route('chatgpt.com', 443, { path_allowlist: ['/backend-api/wham'] })], 'path_not_allowed'],
  ])('Codex’s responses path answers 426 when its %s is refused', async (_name, routes, code) => {
    proxy = await startProxy({ routes });
    const codex = '/backend-api/codex/responses';
    const answer = await tlsExchange(proxy, 'chatgpt.com:443', get(codex, 'chatgpt.com', handshake));
    expect(answer.status).toBe(426);
    expect(denyCode(answer)).toBe(code);
    const other = await tlsExchange(proxy, 'chatgpt.com:443', get('/other', 'chatgpt.com', handshake));
    expect(other.status).toBe(403);
  });
});
