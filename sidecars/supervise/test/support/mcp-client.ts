import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { CallToolResult, VersionNegotiationMode } from '@modelcontextprotocol/client';
import { onTestFinished } from 'vitest';

export interface McpClientOptions {
  readonly mode?: VersionNegotiationMode;
  readonly token?: string;
}

/** The official client, connected. */
export async function mcpClient(url: URL, { mode = 'auto', token }: McpClientOptions = {}): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  onTestFinished(async () => await client.close().catch(() => undefined));
  return client;
}

/** Calls a tool; what it says as JSON, and whether that is an error. */
export async function call(
  client: Client,
  name: string,
  args: Readonly<Record<string, unknown>> = {},
): Promise<{
  readonly said: Record<string, unknown>;
  readonly isError: boolean;
  readonly result: CallToolResult;
}> {
  const result = await client.callTool({ name, arguments: args });
  const [first] = result.content;
  if (first?.type !== 'text') throw new Error('no text');
  return {
    said: JSON.parse(first.text) as Record<string, unknown>,
    isError: result.isError === true,
    result,
  };
}

export const codeOf = ({ said }: { readonly said: Record<string, unknown> }): unknown =>
  typeof said['error'] === 'object' && said['error'] !== null ? Reflect.get(said['error'], 'code') : null;
