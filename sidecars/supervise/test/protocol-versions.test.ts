import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { usualTools } from '@bot-bottle/supervise';
import { expect, it, onTestFinished } from 'vitest';
import { call, mcpClient } from './support/mcp-client.ts';
import { startServer } from './support/server.ts';
import { tempDir } from './support/temp-dir.ts';

const post = async (url: URL, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify(body),
  });

it.each([
  ['auto', '2026-07-28'],
  ['legacy', '2025-11-25'],
  [{ pin: '2026-07-28' }, '2026-07-28'],
] as const)('serves a client that negotiates as %j with %s', async (mode, version) => {
  const { url } = await startServer();
  const client = await mcpClient(url, { mode });
  expect(client.getNegotiatedProtocolVersion()).toBe(version);
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([...usualTools]);
  const { said } = await call(client, 'explain-denial', { denial: 'misdirected' });
  expect(said).toMatchObject({ code: 'misdirected' });
});

it.each(['2025-06-18', '2025-03-26', '2024-11-05'])('agrees on %s with an older client', async (version) => {
  const { url } = await startServer();
  const answer = await post(url, {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: version, capabilities: {}, clientInfo: { name: 'old', version: '1' } },
  });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain(`"protocolVersion":"${version}"`);
  expect(answer.headers.get('mcp-session-id')).toBeNull();
});

it('falls back as Claude Code does: a discover without the new envelope is no method, then initialize', async () => {
  const { url } = await startServer();
  const discover = await post(url, { jsonrpc: '2.0', id: 0, method: 'server/discover', params: {} });
  expect(await discover.text()).toContain('"code":-32601');
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(url));
  onTestFinished(async () => await client.close());
  expect(client.getServerVersion()).toMatchObject({ name: 'bot-bottle-supervise' });
});

it('serves at / as well as at /mcp', async () => {
  const { url } = await startServer();
  const client = await mcpClient(new URL('/', url));
  expect((await client.listTools()).tools).toHaveLength(usualTools.length);
});

it('serves over a unix socket', async () => {
  const path = join(await tempDir(), 'mcp.sock');
  const { address } = await startServer({ config: { listen: `unix:${path}` } });
  expect(address).toBe(`unix:${path}`);
  const bridge = createServer((socket) => {
    const upstream = connect(path);
    for (const each of [socket, upstream]) each.on('error', () => undefined);
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => bridge.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void bridge.close());
  const bound = bridge.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const client = await mcpClient(new URL(`http://127.0.0.1:${port}/mcp`));
  const { said } = await call(client, 'explain-denial', { denial: 'misdirected' });
  expect(said).toMatchObject({ known: true });
});

it('says what each tool takes, gives and does', async () => {
  const { url } = await startServer();
  const { tools } = await (await mcpClient(url)).listTools();
  for (const { name, description, inputSchema, outputSchema, annotations } of tools) {
    expect(description?.length, name).toBeGreaterThan(80);
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(outputSchema).toMatchObject({ type: 'object' });
    expect(annotations).toMatchObject({ readOnlyHint: name !== 'egress-block', destructiveHint: false });
    for (const field of Object.values(inputSchema.properties ?? {}))
      expect(field, name).toMatchObject({ description: expect.any(String) });
  }
});

it('has the version of the package', async () => {
  const { url } = await startServer();
  const client = await mcpClient(url);
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  expect(client.getServerVersion()).toMatchObject({ version });
});
