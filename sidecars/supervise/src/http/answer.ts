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

/** Milliseconds, and bytes more, in which a client may read the refusal of a body that it is still sending. */
const LINGER_MS = 1000;
const LINGER_BYTES = 4 * 1024 * 1024;

export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, message, rpc = -32_000, deny, headers = {} } = refusal;
  const body = `${JSON.stringify({ jsonrpc: '2.0', error: { code: rpc, message }, id: null })}\n`;
  const isUnread = !response.req.complete;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...(deny === undefined ? {} : { 'X-Bot-Bottle-Deny': deny }),
    // what follows is not read as a request
    ...(isUnread ? { Connection: 'close' } : {}),
    ...headers,
  });
  if (isUnread) linger(response, body);
  else response.end(body);
}

/**
 * Sends the whole answer without ending it: Node cuts a connection that is to close as soon as its answer ends, and who
 * is still sending would hear of a reset in place of the reason.
 */
function linger(response: ServerResponse, body: string): void {
  const { req: request } = response;
  response.write(body);
  let length = 0;
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > LINGER_BYTES) request.destroy();
  });
  request.once('end', () => response.end());
  request.once('close', () => {
    clearTimeout(timer);
    response.end();
  });
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
