import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { ServerCertificate } from '../../test/support/certificates.ts';
import type { Witness } from './witness.ts';

/** The TLS server behind every declared host: notes connections, requests with their bodies, and messages. */
export class NotingUpstream implements Witness {
  readonly #notes: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(certificate: ServerCertificate) {
    this.#server = createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.#note(request, Buffer.concat(chunks).toString('latin1'));
        answer(request, response);
      });
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#notes.push('a connection');
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', () => {});
    this.#server.on('upgrade', (request, socket: Socket) => this.#upgrade(request, socket));
  }

  #note(request: IncomingMessage, body: string): void {
    const headers = request.rawHeaders.join(' ');
    this.#notes.push(`${request.method ?? ''} ${request.url ?? ''} ${headers} ${body}`);
  }

  #upgrade(request: IncomingMessage, socket: Socket): void {
    this.#note(request, '');
    // RFC 6455 4.2.2
    const key = request.headers['sec-websocket-key'] ?? '';
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('data', (data: Buffer) => this.#notes.push(`websocket ${unmasked(data)}`));
    socket.on('error', () => socket.destroy());
  }

  async listen(address: string): Promise<number> {
    this.#server.listen(0, address);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  notes(): readonly string[] {
    return this.#notes;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** Text of short masked frames (RFC 6455 5.2); anything else as it is. */
function unmasked(data: Buffer): string {
  let text = '';
  for (let at = 0; at + 6 <= data.length;) {
    const length = (data[at + 1] ?? 0) & 0x7f;
    if (length > 125) return `${text}${data.toString('latin1', at)}`;
    const mask = data.subarray(at + 2, at + 6);
    const bytes = data.subarray(at + 6, at + 6 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    text += Buffer.from(bytes).toString('latin1');
    at += 6 + length;
  }
  return text;
}

/** A server that gives back what it got in every way it can. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const credential = request.headers.authorization ?? 'none';
  const send = (status: number, headers: Record<string, string>, body: string | Buffer): void => {
    response.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) }).end(body);
  };
  const [path = '/'] = (request.url ?? '/').split('?');
  switch (path) {
    case '/echo/header':
      return send(200, { 'X-Echo': credential }, 'in a header');
    case '/echo/body':
      return send(200, {}, `in a body: ${credential}`);
    case '/echo/base64':
      return send(200, {}, `in base64: ${Buffer.from(credential).toString('base64')}`);
    case '/echo/gzip':
      return send(200, { 'Content-Encoding': 'gzip' }, gzipSync(`in gzip: ${credential}`));
    case '/echo/redirect':
      return send(302, { Location: `https://open.e2e.test/?t=${encodeURIComponent(credential)}` }, 'moved');
    case '/echo/error':
      return send(500, { 'Content-Type': 'text/html' }, `<h1>bad credential: ${credential}</h1>`);
    case '/redirect/private':
      return send(302, { Location: String(request.headers['x-to'] ?? '') }, 'moved');
    default:
      return send(200, {}, `reached ${path}`);
  }
}
