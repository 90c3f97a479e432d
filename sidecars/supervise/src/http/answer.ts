import type { ServerResponse } from 'node:http';
import type { DenialCode } from '@bot-bottle/audit';

/** A refusal before MCP is reached, in the form of its errors. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** JSON-RPC error code; absent: -32000 */
  readonly rpc?: number;
  readonly deny?: DenialCode;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Milliseconds in which a client may read the refusal of a body that it is still sending. */
const LINGER_MS = 1000;

export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, message, rpc = -32_000, deny, headers = {} } = refusal;
  const body = `${JSON.stringify({ jsonrpc: '2.0', error: { code: rpc, message }, id: null })}\n`;
  const { req: request } = response;
  const isUnread = !request.complete;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...(deny === undefined ? {} : { 'X-Bot-Bottle-Deny': deny }),
    // what follows is not read as a request
    ...(isUnread ? { Connection: 'close' } : {}),
    ...headers,
  });
  response.end(body);
  if (!isUnread) return;
  request.resume();
  const linger = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(linger));
}

export function answerHealth(response: ServerResponse): void {
  const body = '{"ok":true}\n';
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
  });
  response.end(body);
}
