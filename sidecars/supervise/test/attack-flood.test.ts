import fc from 'fast-check';
import { MAX_OPEN } from '@bot-bottle/supervise';
import { expect, it } from 'vitest';
import { call, codeOf, mcpClient } from './support/mcp-client.ts';
import { ping, rawBytes, rawPost } from './support/raw-http.ts';
import { startServer } from './support/server.ts';
import type { Running } from './support/server.ts';

const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };

const toolCall = (id: number, name: string, args: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });

/** Whether the launcher still has its sidecar. */
async function isAlive({ launcher }: Running): Promise<boolean> {
  const ended = launcher.closed.then(() => false);
  return await Promise.race([ended, new Promise<true>((resolve) => setImmediate(() => resolve(true)))]);
}

const patient = { response_timeout_seconds: 20, limits: { calls_per_minute: 600 } };

it('never breaks the channel, whatever 2,000 calls at a time ask', async () => {
  const running = await startServer({ config: patient });
  const { url, owner } = running;
  const one = async (index: number): Promise<number> => {
    const kind = index % 4;
    const body =
      kind === 0
        ? toolCall(index, 'egress-block', { host: `h${index}.example.com`, justification: 'x' })
        : kind === 1
          ? toolCall(index, 'check-proposal', { id: `${index}`.padStart(16, '0'), wait_seconds: 50 })
          : kind === 2
            ? toolCall(index, 'list-egress-routes', {})
            : toolCall(index, 'egress-block', { host: 'same.example.com', justification: 'x' });
    const gone = AbortSignal.timeout(3000);
    try {
      const answer = await fetch(url, { method: 'POST', headers, body, signal: gone });
      await answer.text();
      return answer.status;
    } catch {
      return 0;
    }
  };
  const statuses = new Set<number>();
  for (let batch = 0; batch < 10; batch += 1) {
    const calls = Array.from({ length: 200 }, (_, index) => one(batch * 200 + index));
    for (const status of await Promise.all(calls)) statuses.add(status);
  }
  expect([...statuses].every((status) => [0, 200, 429].includes(status))).toBe(true);
  expect(await isAlive(running)).toBe(true);
  expect(owner.proposals.length).toBeLessThanOrEqual(30);
  expect(owner.queries.length).toBeLessThanOrEqual(600);
  expect(owner.desk.list().length).toBeLessThanOrEqual(MAX_OPEN);
  await owner.approve();
}, 120_000);

it('does not let those who ask and leave use up what the launcher allows', async () => {
  const running = await startServer({ config: { ...patient, limits: { calls_per_minute: 600 } } });
  const { url, owner } = running;
  const client = await mcpClient(url);
  const asked = call(client, 'egress-block', { host: 'api.example.com', justification: 'x' });
  const { proposal } = await owner.open();
  const body = toolCall(1, 'check-proposal', { id: proposal.id, wait_seconds: 50 });
  for (let index = 0; index < 200; index += 1) {
    const gone = new AbortController();
    const leaving = fetch(url, { method: 'POST', headers, body, signal: gone.signal }).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    gone.abort();
    await leaving;
  }
  expect(await isAlive(running)).toBe(true);
  await owner.approve();
  expect((await asked).said).toMatchObject({ status: 'approved' });
});

/** Asks, and leaves when `gone` aborts: as a client of 2025, and as the official one of 2026. */
const leavers: ReadonlyArray<[string, (url: URL, gone: AbortSignal) => Promise<unknown>]> = [
  [
    '2025-11-25',
    async (url, signal) => {
      const body = toolCall(1, 'egress-block', { host: 'api.example.com', justification: 'x' });
      const answer = await fetch(url, { method: 'POST', headers, body, signal });
      return await answer.text();
    },
  ],
  [
    '2026-07-28',
    async (url, signal) => {
      const client = await mcpClient(url, { mode: { pin: '2026-07-28' } });
      const args = { host: 'api.example.com', justification: 'x' };
      return await client.callTool({ name: 'egress-block', arguments: args }, { signal });
    },
  ],
];

it.each(leavers)(
  'frees the place of a client (%s) that leaves while it waits; the proposal stays',
  async (_version, ask) => {
    const { url, owner } = await startServer({
      config: { response_timeout_seconds: 60, limits: { waiting: 1 } },
    });
    const gone = new AbortController();
    const leaving = ask(url, gone.signal).catch(() => 'left');
    const { proposal } = await owner.open();
    await expect.poll(() => owner.mostWaiting, { timeout: 5000 }).toBe(1);
    const client = await mcpClient(url);
    const check = async (seconds: number): Promise<unknown> =>
      (await call(client, 'check-proposal', { id: proposal.id, wait_seconds: seconds })).said[
        'waited_seconds'
      ];
    // no place to wait: it is answered at once
    expect(await check(50)).toBeLessThan(1);
    gone.abort();
    expect(await leaving).toBe('left');
    await expect.poll(async () => Number(await check(0.3)), { timeout: 5000 }).toBeGreaterThanOrEqual(0.3);
    expect(owner.desk.list()).toHaveLength(1);
  },
);

it('tells a model that calls too often to wait, and does nothing', async () => {
  const { url, owner } = await startServer({ config: { limits: { calls_per_minute: 3 } } });
  const client = await mcpClient(url);
  for (let index = 0; index < 3; index += 1) await call(client, 'list-egress-routes');
  const answer = await call(client, 'egress-block', { host: 'api.example.com', justification: 'x' });
  expect(codeOf(answer)).toBe('limit_exceeded');
  expect(answer.said).toMatchObject({ error: { retryable: true } });
  expect(owner.proposals).toEqual([]);
  const last = (await owner.events()).at(-1);
  expect(last).toMatchObject({ outcome: 'denied', code: 'limit_exceeded', target: 'egress-block' });
});

it('answers while an owner says nothing, and asks it no more than it may', async () => {
  const running = await startServer({ config: { limits: { query_ms: 100, calls_per_minute: 600 } } });
  const { url, owner } = running;
  const client = await mcpClient(url);
  await call(client, 'explain-denial', { denial: 'misdirected' });
  owner.routes = new Promise(() => undefined);
  const answers = await Promise.all(
    Array.from({ length: 60 }, async () => codeOf(await call(client, 'list-egress-routes'))),
  );
  expect(new Set(answers)).toEqual(new Set(['unavailable', 'limit_exceeded']));
  expect(owner.queries.length).toBeLessThanOrEqual(32);
  expect(await isAlive(running)).toBe(true);
});

it('gives every JSON an answer, and serves the next good call', async () => {
  const { port } = await startServer({ config: { limits: { calls_per_minute: 600 } } });
  const rpc = fc.record(
    {
      jsonrpc: fc.oneof(fc.constant('2.0'), fc.jsonValue()),
      id: fc.oneof(fc.integer(), fc.string(), fc.jsonValue()),
      method: fc.oneof(
        fc.constantFrom(
          'initialize',
          'ping',
          'tools/list',
          'tools/call',
          'server/discover',
          'logging/setLevel',
        ),
        fc.string(),
      ),
      params: fc.oneof(
        fc.jsonValue(),
        fc.record({
          name: fc.constantFrom('explain-denial', 'list-egress-routes', 'check-proposal', 'toString'),
          arguments: fc.jsonValue(),
          _meta: fc.jsonValue(),
        }),
      ),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    fc.json(),
    rpc.map((value) => JSON.stringify(value)),
    fc.array(rpc, { maxLength: 4 }).map((value) => JSON.stringify(value)),
  );
  const version = fc.option(fc.constantFrom('2026-07-28', '2025-11-25', '2025-03-26', 'x'), {
    nil: undefined,
  });
  await fc.assert(
    fc.asyncProperty(body, version, async (text, protocol) => {
      const answer = await rawBytes(port, [
        rawPost({ body: text, headers: { 'MCP-Protocol-Version': protocol } }),
      ]);
      expect(answer.status).not.toBeNull();
      expect(answer.status).toBeLessThan(500);
      expect(answer.text).not.toMatch(/\/src\/|node:internal/);
      const good = await rawBytes(port, [rawPost({ body: ping })]);
      expect(good.status).toBe(200);
      expect(good.text).toContain('"result":{}');
    }),
    { numRuns: 200 },
  );
}, 60_000);
