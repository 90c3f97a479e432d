import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { sendResponse } from '../src/http/send-response.ts';
import { call, mcpClient } from './support/mcp-client.ts';
import { rawBytes, rawPost } from './support/raw-http.ts';
import { startServer } from './support/server.ts';
import type { Running } from './support/server.ts';

const stillServes = async ({ url }: Running): Promise<void> => {
  const { said } = await call(await mcpClient(url), 'explain-denial', { denial: 'misdirected' });
  expect(said).toMatchObject({ known: true });
};

it.each(['supervise:9100', 'Supervise:9100', 'localhost', 'LOCALHOST:1', '127.0.0.1:80', '[::1]:9100'])(
  'serves under the name %s',
  async (Host) => {
    const { port } = await startServer();
    expect((await rawBytes(port, [rawPost({ headers: { Host } })])).status).toBe(200);
  },
);

it.each([
  'evil.example.com',
  'supervise',
  'supervise:9101',
  'supervise:9100.evil.example.com',
  'localhost.evil.example.com',
  'localhost:9100@evil.example.com',
  '127.0.0.1.evil.example.com',
  '127.0.0.2',
  'localhost:999999',
  '',
])('is not known as %j, to whatever path', async (Host) => {
  const { port, owner } = await startServer();
  for (const path of ['/mcp', '/health', '/'])
    expect((await rawBytes(port, [rawPost({ path, headers: { Host } })])).status).toBe(403);
  expect((await owner.events()).at(-1)).toMatchObject({
    code: 'access_denied',
    rule: 'host',
    outcome: 'denied',
  });
});

it('is not known without a name, or with two', async () => {
  const { port } = await startServer();
  expect((await rawBytes(port, [rawPost({ headers: { Host: undefined } })])).status).toBe(403);
  const two = rawPost().replace('\r\n', '\r\nHost: localhost\r\n');
  expect((await rawBytes(port, [two])).status).not.toBe(200);
  const absolute = rawPost({ path: 'http://evil.example.com/mcp' });
  expect((await rawBytes(port, [absolute])).status).toBe(404);
});

it.each([
  ['http://supervise:9100', 200],
  ['https://supervise:9100', 200],
  ['http://localhost:9100', 403],
  ['http://supervise', 403],
  ['https://evil.example.com', 403],
  ['http://supervise:9100.evil.example.com', 403],
  ['http://evil@supervise:9100', 403],
  ['file://supervise:9100', 403],
  ['null', 403],
  ['', 403],
])('takes a request with the Origin %j as %d', async (Origin, status) => {
  const { port } = await startServer();
  expect((await rawBytes(port, [rawPost({ headers: { Origin } })])).status).toBe(status);
});

it('takes only POST, only at its paths, and tells its health to anybody', async () => {
  const { port } = await startServer({ token: 'a-token-of-this-bottle' });
  const headers = { Authorization: 'Bearer a-token-of-this-bottle' };
  for (const method of ['GET', 'DELETE', 'PUT', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE'])
    expect((await rawBytes(port, [rawPost({ method, headers })])).status, method).toBe(405);
  for (const path of ['/mcp/', '/MCP', '/mcp/x', '/..', '//mcp', '/health/x', '*'])
    expect((await rawBytes(port, [rawPost({ path, headers })])).status, path).toBe(404);
  const health = rawPost({ method: 'GET', path: '/health', body: '' });
  expect((await rawBytes(port, [health])).text).toContain('{"ok":true}');
});

it.each([
  undefined,
  'Bearer',
  'Bearer ',
  'Bearer wrong',
  'Bearer a-token-of-this-bottl',
  'Bearer a-token-of-this-bottle-',
  'Bearer A-TOKEN-OF-THIS-BOTTLE',
  'Bearer a-token-of-this-bottle extra',
  'Basic YS10b2tlbi1vZi10aGlzLWJvdHRsZQ==',
  'a-token-of-this-bottle',
])('refuses the credential %j and writes that down, but not the credential', async (Authorization) => {
  const { port, owner } = await startServer({ token: 'a-token-of-this-bottle' });
  const answer = await rawBytes(port, [rawPost({ headers: { Authorization } })]);
  expect(answer.status).toBe(401);
  expect(answer.text).toContain('WWW-Authenticate: Bearer');
  const events = await owner.events();
  expect(events).toMatchObject([{ code: 'access_denied', rule: 'token', outcome: 'denied' }]);
  expect(JSON.stringify(events)).not.toContain('wrong');
});

it('serves whoever has the token, and a new one at once', async () => {
  const running = await startServer({ token: 'a-token-of-this-bottle' });
  const client = await mcpClient(running.url, { token: 'a-token-of-this-bottle' });
  expect((await client.listTools()).tools).not.toEqual([]);
  running.server.setSecrets({ SUPERVISE_ACCESS_TOKEN: 'another' });
  await expect(client.listTools()).rejects.toThrow();
  expect((await (await mcpClient(running.url, { token: 'another' })).listTools()).tools).not.toEqual([]);
  expect(() => running.server.setSecrets({ SUPERVISE_ACCESS_TOKEN: '' })).toThrow('is empty');
});

it('refuses a body that is too large by its length, before it is sent', async () => {
  const { port } = await startServer();
  const head = rawPost({ body: '', headers: { 'Content-Length': '1048577', Connection: 'keep-alive' } });
  expect((await rawBytes(port, [head])).status).toBe(413);
});

it('takes a body of exactly the limit', async () => {
  const { port } = await startServer({ config: { limits: { body_bytes: 100 } } });
  const text = (length: number): string => '{"jsonrpc":"2.0","id":1,"method":"ping"}'.padEnd(length);
  expect((await rawBytes(port, [rawPost({ body: text(100) })])).status).toBe(200);
  expect((await rawBytes(port, [rawPost({ body: text(101) })])).status).toBe(413);
});

it('stops reading a chunked body without end, and keeps none of it', async () => {
  const { port } = await startServer();
  const headers = { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' };
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  // 256 MiB at most, so that a server that takes everything fails the test instead of hanging it.
  const all = 4096;
  let sent = 0;
  function* endless(): Generator<string> {
    yield rawPost({ body: '', headers });
    for (; sent < all; sent += 1) yield chunk;
  }
  const before = process.memoryUsage().arrayBuffers;
  const answer = await rawBytes(port, endless());
  expect(answer.status).toBe(413);
  expect(sent).toBeLessThan(all);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
});

it.each<[string, string]>([
  ['half a head', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\n'],
  ['nothing', ''],
  ['half a body', rawPost({ headers: { 'Content-Length': '500' } })],
  [
    'half a chunk',
    rawPost({ body: 'ff\r\nabc', headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' } }),
  ],
])('ends a connection that sends %s and then nothing', async (_what, bytes) => {
  const running = await startServer({ config: { limits: { idle_ms: 200 } } });
  const answer = await rawBytes(running.port, bytes === '' ? [] : [bytes], { limitMs: 8000 });
  expect([null, 408]).toContain(answer.status);
  await stillServes(running);
});

it.each<[string, string]>([
  ['garbage', '\u0000\u0001\u0002 hello\r\n\r\n'],
  ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000'],
  ['a long head', `POST /mcp HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['two lengths', rawPost().replace('Content-Length', 'Content-Length: 1\r\nContent-Length')],
  ['a length and chunks', rawPost({ headers: { 'Transfer-Encoding': 'chunked' } })],
  ['a negative length', rawPost({ headers: { 'Content-Length': '-1' } })],
  ['HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['CONNECT', 'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a folded header', rawPost().replace('Accept:', 'X: a\r\n b\r\nAccept:')],
])('survives %s', async (_what, bytes) => {
  const running = await startServer({ config: { limits: { idle_ms: 500 } } });
  const answer = await rawBytes(running.port, [Buffer.from(bytes, 'latin1')]);
  expect(answer.status === null || answer.status >= 400).toBe(true);
  await stillServes(running);
});

it('does not upgrade', async () => {
  const { port } = await startServer();
  const headers = { Connection: 'Upgrade, close', Upgrade: 'websocket' };
  expect((await rawBytes(port, [rawPost({ headers })])).text).not.toContain(' 101 ');
});

it.each<[string, string, number]>([
  ['no JSON', '{', 400],
  ['nothing', '', 400],
  ['bytes that are no UTF-8', '{"a":"\u00ff\u00fe"}', 400],
  ['null', 'null', 400],
  ['deep arrays', `${'['.repeat(500_000)}${']'.repeat(500_000)}`, 400],
  ['deep objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 400],
  ['many values', JSON.stringify({ a: Array.from({ length: 60_000 }, () => 0) }), 400],
  ['a key __proto__', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{"x":1}}}', 400],
  ['an escaped key __proto__', '{"jsonrpc":"2.0","id":1,"method":"ping","\\u005f_proto__":1}', 400],
  ['an empty batch', '[]', 400],
  [
    'a batch bomb',
    `[${Array.from({ length: 2000 }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`).join(',')}]`,
    400,
  ],
])('refuses %s with an error of JSON-RPC', async (_what, body, status) => {
  const running = await startServer();
  const bytes = Buffer.from(body, 'latin1');
  const head = rawPost({ body: '', headers: { 'Content-Length': String(bytes.length) } });
  const answer = await rawBytes(running.port, [head, bytes]);
  expect(answer.status).toBe(status);
  expect(answer.text).toMatch(/"error":\{"code":-32[67]\d\d/);
  expect(answer.text).not.toMatch(/ at |node:|\/src\//);
  expect(Reflect.get({}, 'x')).toBeUndefined();
  await stillServes(running);
});

it('takes a small batch of an older client, with ids that repeat', async () => {
  const { port } = await startServer();
  const one = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const headers = { 'MCP-Protocol-Version': '2025-03-26' };
  const answer = await rawBytes(port, [rawPost({ body: `[${one},${one}]`, headers })]);
  expect(answer.status).toBe(200);
});

it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'a'.repeat(10_000), '\u001b[31m'])(
  'knows no tool %j',
  async (name) => {
    const { url } = await startServer();
    const client = await mcpClient(url);
    const failure: unknown = await client.callTool({ name, arguments: {} }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String(failure)).toMatch(/Unknown tool/);
    expect(String(failure).length).toBeLessThan(300);
    expect(String(failure)).not.toContain('\u001b');
  },
);

it('answers pipelined requests in order, and refuses more than it serves at a time', async () => {
  const running = await startServer({ config: { limits: { connections: 8 } } });
  const bodies = Array.from({ length: 50 }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
  const requests = bodies.map((body, index) =>
    rawPost({ body, headers: { Connection: index === bodies.length - 1 ? 'close' : 'keep-alive' } }),
  );
  const { text } = await rawBytes(running.port, [requests.join('')]);
  expect(text.match(/HTTP\/1\.1 (?:200|429)/g)?.length).toBe(50);
  const ids = [...text.matchAll(/"id":(\d+)\}/g)].map(([, id]) => Number(id));
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  await stillServes(running);
});

it('holds no more connections than it may, and serves again when they go', async () => {
  const running = await startServer({ config: { limits: { connections: 8, idle_ms: 1000 } } });
  const sockets = Array.from({ length: 100 }, () => connect({ port: running.port, host: '127.0.0.1' }));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  let open = 0;
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.resume();
    socket.on('connect', () => (open += 1));
    socket.on('close', () => (open -= 1));
  }
  await expect.poll(() => open, { timeout: 10_000 }).toBe(8);
  // those that say nothing are ended
  await expect.poll(() => open, { timeout: 10_000 }).toBe(0);
  await stillServes(running);
});

it('ends a client that does not read what it asked for', async () => {
  const ended = Promise.withResolvers<boolean>();
  const endless = new ReadableStream<Uint8Array>({ pull: (out) => out.enqueue(new Uint8Array(65_536)) });
  const server = createServer((_request, response) => {
    void sendResponse(response, new Response(endless), 200).then(() => ended.resolve(response.destroyed));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const bound = server.address();
  const socket = connect({ port: typeof bound === 'object' ? (bound?.port ?? 0) : 0, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(await ended.promise).toBe(true);
});
