import { setTimeout as delay } from 'node:timers/promises';
import { localServer, type LocalServer } from './local-server.ts';

/** An MCP server over HTTP with one tool, `egress-block`, that lets its first answer wait for `delayMs`. */
export async function slowMcp(delayMs: number): Promise<LocalServer> {
  return await localServer(async (request, body, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const { id, method } = JSON.parse(body) as { id?: number; method: string };
    if (id === undefined) return void response.writeHead(202).end();
    if (method === 'initialize') await delay(delayMs);
    const result = results[method];
    const answer =
      result === undefined ? { error: { code: -32601, message: 'Method not found' } } : { result };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  });
}

const results: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'supervise', version: '1' },
  },
  'tools/list': {
    tools: [{ name: 'egress-block', description: 'Asks.', inputSchema: { type: 'object', properties: {} } }],
  },
};
