import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

// An import would load Node's own fetch with it, which takes longer than all of ours.
const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http');

export interface HttpServerOptions {
  /** longest wait for a whole request, and between two requests of a connection, in ms */
  readonly idleMs: number;
  readonly connections: number;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
}

const MAX_HEAD_BYTES = 16 * 1024;
/** Milliseconds for a head: those of an MCP client are small and arrive at once. */
const HEAD_MS = 10_000;
/** Milliseconds for a head and its body, at most 1 MiB. */
const REQUEST_MS = 30_000;

/** An HTTP server whose every wait for a client is bounded. */
export function createHttpServer({ idleMs, connections, handle }: HttpServerOptions): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: Math.min(idleMs, HEAD_MS),
      requestTimeout: Math.min(idleMs, REQUEST_MS),
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: Math.max(50, Math.min(1000, idleMs / 4)),
      requireHostHeader: false,
      insecureHTTPParser: false,
      noDelay: true,
    },
    handle,
  );
  server.maxConnections = connections;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket));
  // a socket that breaks between requests is nobody's concern
  server.on('connection', (socket) => socket.on('error', () => undefined));
  return server;
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  // an answer may be on its way already
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status = statuses[error.code ?? ''] ?? 400;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nX-Bot-Bottle-Deny: malformed_request\r\n` +
      'Content-Length: 0\r\nConnection: close\r\n\r\n',
    () => socket.destroy(),
  );
}
