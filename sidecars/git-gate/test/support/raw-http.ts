import { connect } from 'node:net';

export interface RawAnswer {
  /** null: the connection ended without an answer */
  readonly status: number | null;
  readonly head: string;
  /** bytes after the head, chunks undone */
  readonly body: Buffer;
  readonly text: string;
}

const LIMIT_MS = 30_000;

/** Sends bytes as they are and reads until the server ends the connection. */
export function rawBytes(port: number, parts: ReadonlyArray<string | Uint8Array>): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const got: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error('the server neither answered nor ended the connection'));
    }, LIMIT_MS);
    socket.on('data', (chunk: Buffer) => got.push(chunk));
    // a server that has refused may cut what is still being sent
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(parse(Buffer.concat(got)));
    });
    for (const part of parts) socket.write(part);
  });
}

export interface RawRequest {
  readonly method?: string;
  /** as it stands in the request line */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** One request on a connection of its own; the target is sent byte for byte. */
export function rawRequest(port: number, request: RawRequest): Promise<RawAnswer> {
  const headers = {
    Host: 'git-gate:9420',
    Connection: 'close',
    ...(request.body === undefined ? {} : { 'Content-Length': String(request.body.length) }),
    ...request.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const method = request.method ?? (request.body === undefined ? 'GET' : 'POST');
  return rawBytes(port, [
    `${method} ${request.target} HTTP/1.1\r\n${lines.join('')}\r\n`,
    ...(request.body === undefined ? [] : [request.body]),
  ]);
}

function parse(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return { status: null, head: bytes.toString('latin1'), body: Buffer.alloc(0), text: '' };
  const head = bytes.subarray(0, end).toString('latin1');
  const rest = bytes.subarray(end + 4);
  const body = /^transfer-encoding: *chunked$/im.test(head) ? unchunk(rest) : rest;
  return { status: Number(head.split(' ')[1]), head, body, text: body.toString('latin1') };
}

function unchunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) break;
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (!(size > 0)) break;
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(parts);
}
