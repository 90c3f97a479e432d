import { createSecureContext, createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { encodeFrame, MessageReader, websocketAccept } from '@bot-bottle/egress';
import { readRequest } from './child-program.ts';

/**
 * A TLS upstream that does as little as possible: `/` answers 1 KiB, `/sse/N` sends an event every 50 ms with its
 * time, `/hold` sends one event and waits, `/download/N` sends N bytes, `/websocket` sends each message back, anything with
 * a body answers when it is whole.
 */
const certificates = new Map(
  Object.entries(await readRequest<Record<string, { cert: string; key: string }>>()).map(([host, leaf]) => [
    host,
    createSecureContext(leaf),
  ]),
);
const block = Buffer.alloc(256 * 1024, 'benchmark data ');
const small = Buffer.concat([
  Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n'),
  Buffer.alloc(1024, 'x'),
]);

function serve(socket: TLSSocket): void {
  let head: Buffer = Buffer.alloc(0);
  let body = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    let rest = chunk;
    for (;;) {
      if (body > 0) {
        const taken = Math.min(body, rest.length);
        body -= taken;
        rest = rest.subarray(taken);
        if (body === 0) socket.write(small);
        if (rest.length === 0) return;
        continue;
      }
      head = head.length === 0 ? rest : Buffer.concat([head, rest]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const text = head.toString('latin1', 0, end);
      rest = head.subarray(end + 4);
      head = Buffer.alloc(0);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      const path = text.split(' ', 2)[1] ?? '/';
      if (path === '/websocket') {
        sendBack(socket, /\r\nsec-websocket-key: (.*)/i.exec(text)?.[1] ?? '');
        return;
      }
      if (length > 0) body = length;
      else answer(socket, path);
      if (rest.length === 0) return;
    }
  });
}

function answer(socket: TLSSocket, path: string): void {
  const [, kind, count = '0'] = path.split('/');
  if (kind === 'download') download(socket, Number(count));
  else if (kind === 'sse') events(socket, Number(count));
  else if (kind === 'hold') socket.write(`${sseHead}data: ${Date.now()}\n\n`);
  else socket.write(small);
}

function sendBack(socket: TLSSocket, key: string): void {
  const reader = new MessageReader('client');
  socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
    for (const event of reader.push(chunk).events)
      if (event.kind === 'data')
        socket.write(
          encodeFrame(
            {
              opcode: event.isFirst ? event.type : 'continuation',
              fin: event.isLast,
              payload: event.data,
            },
            null,
          ),
        );
  });
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${websocketAccept(key)}\r\n\r\n`,
  );
}

const sseHead = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n';

function events(socket: TLSSocket, count: number): void {
  socket.write(sseHead);
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(`data: ${performance.timeOrigin + performance.now()}\n\n`);
    sent += 1;
    if (sent < count) return;
    clearInterval(timer);
    socket.end();
  }, 50);
  socket.on('close', () => clearInterval(timer));
}

function download(socket: TLSSocket, bytes: number): void {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
  let left = bytes;
  const more = () => {
    while (left > 0) {
      const part = block.subarray(0, Math.min(left, block.length));
      left -= part.length;
      if (!socket.write(part)) {
        socket.once('drain', more);
        return;
      }
    }
  };
  more();
}

const server = createServer(
  { ALPNProtocols: ['http/1.1'], SNICallback: (name, give) => give(null, certificates.get(name)) },
  serve,
);
server.on('tlsClientError', () => undefined);
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
