import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { createServer as createTcp } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createSecureContext } from 'node:tls';
import type { UpstreamPorts, UpstreamRequest, UpstreamStats } from './contracts.ts';
import { pattern } from './pattern.ts';

/**
 * The upstream of the soak, a program of its own: answers, streams, counts what must not arrive, and misbehaves where
 * the path says so. The first line of stdin configures it; `stats` is answered with a line; the end of stdin ends it.
 */
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const first = await lines.next();
const request = JSON.parse(String(first.value)) as UpstreamRequest;
const stats = { requests: 0, bytes: 0, leaks: 0, unauthorized: 0 };
const open = new Set<Socket>();
const canary = Buffer.from(request.canary);
const contexts = new Map(
  Object.entries(request.certificates).map(([host, leaf]) => [host, createSecureContext(leaf)]),
);

function serve(message: IncomingMessage, response: ServerResponse): void {
  stats.requests += 1;
  if (message.headers.authorization !== request.authorization) stats.unauthorized += 1;
  if (message.rawHeaders.some((text) => text.includes(request.canary))) stats.leaks += 1;
  let tail: Buffer = Buffer.alloc(0);
  let got = 0;
  let leaked = false;
  message.on('data', (chunk: Buffer) => {
    got += chunk.length;
    stats.bytes += chunk.length;
    const seen = Buffer.concat([tail, chunk]);
    if (!leaked && seen.includes(canary)) {
      leaked = true;
      stats.leaks += 1;
    }
    tail = Buffer.from(seen.subarray(-canary.length));
  });
  message.on('error', () => undefined);
  response.on('error', () => undefined);
  const [, kind = '', detail = ''] = (message.url ?? '/').split('/');
  if (kind === 'fault') fault(detail, message, response);
  else if (kind === 'download') download(response, Number(detail));
  else if (kind === 'sse') events(response);
  else message.on('end', () => response.end(JSON.stringify({ bytes: got })));
}

function download(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'Content-Length': bytes });
  const blocks = pattern(bytes);
  const more = (): void => {
    for (let step = blocks.next(); step.done !== true; step = blocks.next()) {
      if (response.destroyed) return;
      if (response.write(step.value)) continue;
      response.once('drain', more);
      return;
    }
    response.end();
  };
  more();
}

function events(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  let sent = 0;
  const timer = setInterval(() => {
    sent += 1;
    response.write(`data: ${sent}\n\n`);
  }, 100);
  response.on('close', () => clearInterval(timer));
}

function fault(kind: string, message: IncomingMessage, response: ServerResponse): void {
  const { socket } = message;
  switch (kind) {
    case 'stall':
      return;
    case 'reset':
      // of the TCP connection below TLS, which cannot be reset itself
      for (const raw of open) if (raw.remotePort === socket.remotePort) raw.resetAndDestroy();
      return;
    case 'close':
      socket.destroy();
      return;
    case 'half':
      response.writeHead(200, { 'Content-Length': 100_000 });
      response.write(Buffer.alloc(1000, 'x'), () => socket.destroy());
      return;
    case 'half-stall':
      response.writeHead(200, { 'Content-Length': 100_000 });
      response.write(Buffer.alloc(1000, 'x'));
      return;
    case 'garbage':
      socket.end(randomBytes(4096));
      return;
    case 'garbage-later':
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
      socket.end(randomBytes(4096));
      return;
    case 'long-head':
      socket.write('HTTP/1.1 200 OK\r\n');
      socket.end(`X-Filler: ${'y'.repeat(100)}\r\n`.repeat(5000));
      return;
    case 'trickle': {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('X: y\r\n'), 300);
      socket.on('close', () => clearInterval(timer));
      return;
    }
    default:
      response.end();
  }
}

const server = createServer(
  { SNICallback: (name, give) => give(null, contexts.get(name)), keepAliveTimeout: 30_000 },
  serve,
);
server.on('tlsClientError', () => undefined).on('clientError', (_, socket) => socket.destroy());
// accepts and never says a word, as a peer whose machine hangs
const mute = createTcp((socket) => socket.on('error', () => undefined).resume());
const dead = createTcp();
for (const each of [server, mute]) {
  each.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
}

function listen(each: typeof server | typeof mute): Promise<number> {
  return new Promise((resolve) => {
    each.listen(0, '127.0.0.1', () => resolve((each.address() as AddressInfo).port));
  });
}

function say(value: UpstreamPorts | UpstreamStats): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

const deadPort = await listen(dead);
await new Promise((resolve) => dead.close(resolve));
say({ port: await listen(server), mutePort: await listen(mute), deadPort });
for (;;) {
  const line = await lines.next();
  if (line.done === true) break;
  say({ ...stats, openSockets: open.size });
}
process.exit(0);
