import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { expect, it } from 'vitest';
import { call, codeOf, mcpClient } from './support/mcp-client.ts';
import { entry } from './support/owner.ts';
import { startServer } from './support/server.ts';

it('lists the routes that the owner tells, as text and as structured content', async () => {
  const { owner, url } = await startServer();
  owner.routes = { routes: [entry('api.example.com')] };
  const client = await mcpClient(url);
  await client.listTools();
  const { said, result } = await call(client, 'list-egress-routes');
  expect(said).toEqual({ routes: [entry('api.example.com')], omitted: 0 });
  expect(result.structuredContent).toEqual(said);
});

it('keeps to itself what it does not know of a route', async () => {
  const { owner, url } = await startServer();
  owner.routes = { routes: [{ ...entry('api.example.com'), slot: 'EGRESS_TOKEN_0' }] };
  const { result } = await call(await mcpClient(url), 'list-egress-routes');
  expect(JSON.stringify(result)).not.toContain('EGRESS_TOKEN_0');
});

it('shows as many routes as a model can read and says how many are left out', async () => {
  const { owner, url } = await startServer();
  owner.routes = { routes: Array.from({ length: 5000 }, (_, index) => entry(`h${index}.example.com`)) };
  const { said } = await call(await mcpClient(url), 'list-egress-routes');
  expect(JSON.stringify(said).length).toBeLessThan(140 * 1024);
  expect(said['omitted']).toBeGreaterThan(1000);
});

it.each<[string, unknown]>([
  ['something else', { table: [] }],
  ['nothing', null],
  ['a refusal', new ProtocolRefusal('no\u001b[31m')],
])('answers %s of the owner with a tool result that is an error', async (_what, routes) => {
  const { owner, url } = await startServer();
  owner.routes = routes;
  const answer = await call(await mcpClient(url), 'list-egress-routes');
  expect(answer.isError).toBe(true);
  expect(JSON.stringify(answer.said)).not.toContain('\u001b');
});

it('gives up on an owner that does not answer, and says that it may be tried again', async () => {
  const { owner, url } = await startServer({ config: { limits: { query_ms: 50 } } });
  const client = await mcpClient(url);
  owner.routes = new Promise(() => undefined);
  const answer = await call(client, 'list-egress-routes');
  expect(codeOf(answer)).toBe('unavailable');
  expect(answer.said).toMatchObject({ error: { retryable: true } });
});

it('refuses arguments', async () => {
  const { url } = await startServer();
  expect(codeOf(await call(await mcpClient(url), 'list-egress-routes', { host: 'x' }))).toBe(
    'invalid_arguments',
  );
});
