import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface HttpServerOptions {
  /** longest wait for a head, and between two requests of a connection, in ms */
  readonly idleMs: number;
  readonly connections: number;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
}

const MAX_HEAD_BYTES = 16 * 1024;

/** An HTTP server whose every wait for a client is bounded; bodies are bounded by who reads them. */
export function createHttpServer(options: HttpServerOptions): Server {
  const { idleMs } = options;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: idleMs,
      keepAliveTimeout: idleMs,
      // a push may take as long as a human does
      requestTimeout: 0,
      connectionsCheckingInterval: Math.max(50, Math.min(1000, idleMs / 4)),
      requireHostHeader: false,
      insecureHTTPParser: false,
      noDelay: true,
    },
    options.handle,
  );
  server.maxConnections = options.connections;
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
  const body = `git-gate: ${STATUS_CODES[status] ?? ''}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: text/plain\r\n` +
      `X-Bot-Bottle-Deny: malformed_request\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
