import { connect } from 'node:net';
import type { Socket } from 'node:net';

const LIMIT_MS = 15_000;

export interface RawAnswer {
  /** null: the connection ended without an answer */
  readonly status: number | null;
  readonly text: string;
}

/** Sends bytes as they are and reads until the server ends the connection. */
export async function rawBytes(
  port: number,
  parts: Iterable<string | Uint8Array>,
  options: { readonly limitMs?: number } = {},
): Promise<RawAnswer> {
  const socket = connect({ port, host: '127.0.0.1' });
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const got: Buffer[] = [];
  const timer = setTimeout(() => {
    socket.destroy();
    reject(new Error('the server neither answered nor ended the connection'));
  }, options.limitMs ?? LIMIT_MS);
  socket.on('data', (chunk: Buffer) => got.push(chunk));
  // a server that has refused may cut what is still being sent
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(timer);
    const text = Buffer.concat(got).toString('latin1');
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? [];
    resolve({ status: status === undefined ? null : Number(status), text });
  });
  for (const part of parts) if (!(await written(socket, part))) break;
  return await promise;
}

/** Whether the socket still takes bytes after these. */
async function written(socket: Socket, part: string | Uint8Array): Promise<boolean> {
  return await new Promise((resolve) => {
    const closed = (): void => resolve(false);
    socket.once('close', closed);
    socket.write(part, (error) => {
      socket.off('close', closed);
      resolve(error === undefined || error === null);
    });
  });
}

export interface RawPost {
  readonly body?: string;
  readonly path?: string;
  readonly method?: string;
  /** one with an undefined value is left out */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** A POST as an MCP client makes it, with whatever is changed. */
export function rawPost({ body = ping, path = '/mcp', method = 'POST', headers = {} }: RawPost = {}): string {
  const fields: Record<string, string | undefined> = {
    Host: 'supervise:9100',
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) =>
    value === undefined ? '' : `${name}: ${value}\r\n`,
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
