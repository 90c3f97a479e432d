import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { encodeClose, encodeFrame, MessageReader, websocketAccept } from '@bot-bottle/egress';
import type { OutgoingFrame } from '@bot-bottle/egress';
import { WebSocket, WebSocketServer } from 'ws';
import type { ClientOptions } from 'ws';
import { connectTunnel, get, HOST, openTls, startUpstream, until } from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

export const handshakeKey = 'AAAAAAAAAAAAAAAAAAAAAA==';
export const handshake = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${handshakeKey}\r\n`;
/** The head of a good 101 to `handshake`. */
export const switching = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${websocketAccept(handshakeKey)}\r\n`;

const mask = Buffer.from([0x11, 0x22, 0x33, 0x44]);

/** What came through a WebSocket: `text …`, `binary …`, `ping …`, `pong …`, `close code reason`, `refused code`. */
export class Transcript {
  readonly lines: string[] = [];
  /** everything, without frames */
  content = '';
  readonly #reader: MessageReader;
  #open = '';

  constructor(from: 'client' | 'server') {
    this.#reader = new MessageReader(from);
  }

  push(chunk: Buffer): void {
    const { events, refused } = this.#reader.push(Buffer.from(chunk));
    for (const event of events) {
      const text = event.kind === 'close' ? event.reason : event.data.toString('latin1');
      this.content += text;
      if (event.kind === 'close') this.lines.push(`close ${event.code} ${event.reason}`.trimEnd());
      else if (event.kind !== 'data') this.lines.push(`${event.kind} ${text}`.trimEnd());
      else {
        this.#open += text;
        if (!event.isLast) continue;
        this.lines.push(`${event.type} ${this.#open}`);
        this.#open = '';
      }
    }
    if (refused !== null) this.lines.push(`refused ${refused.code}`);
  }

  async have(line: string): Promise<void> {
    await until(() => this.lines.includes(line)).catch(() => {
      throw new Error(`no ${JSON.stringify(line)} in ${JSON.stringify(this.lines).slice(0, 2000)}`);
    });
  }
}

/** A server that speaks frames as the test tells it; the newest connection is `socket`. */
export interface RawServer extends Upstream {
  readonly seen: Transcript;
  readonly heads: IncomingMessage[];
  write(...frames: Array<Buffer | OutgoingFrame>): void;
  /** bytes that nobody has taken yet */
  waiting(): number;
  /** closes its side */
  end(): void;
  isClosed(): boolean;
}

export async function startRawServer(answer = `${switching}\r\n`): Promise<RawServer> {
  const upstream = await startUpstream((_request, response) => response.end('plain'));
  const heads: IncomingMessage[] = [];
  const state = { seen: new Transcript('client'), socket: null as Duplex | null, closed: false };
  upstream.server.on('upgrade', (request: IncomingMessage, socket: Duplex, first: Buffer) => {
    heads.push(request);
    state.seen = new Transcript('client');
    state.socket = socket;
    state.closed = false;
    socket.on('error', () => undefined);
    socket.on('close', () => (state.closed = true));
    socket.on('data', (chunk: Buffer) => state.seen.push(chunk));
    if (first.length > 0) state.seen.push(first);
    socket.write(answer, 'latin1');
  });
  return {
    ...upstream,
    heads,
    get seen() {
      return state.seen;
    },
    write: (...frames) => state.socket?.write(Buffer.concat(frames.map((frame) => bytesOf(frame, null)))),
    waiting: () => state.socket?.writableLength ?? 0,
    end: () => state.socket?.end(),
    isClosed: () => state.closed,
  };
}

function bytesOf(frame: Buffer | OutgoingFrame, key: Buffer | null): Buffer {
  return Buffer.isBuffer(frame) ? frame : encodeFrame(frame, key);
}

/** An agent that sends whatever bytes the test wants. */
export interface RawAgent {
  readonly socket: TLSSocket;
  readonly head: string;
  readonly seen: Transcript;
  write(...frames: Array<Buffer | OutgoingFrame>): void;
  isClosed(): boolean;
}

export async function openRawAgent(
  proxy: Proxy,
  authority: string,
  { path = '/ws', headers = '' } = {},
): Promise<RawAgent> {
  const socket = await openTls(proxy, authority);
  const seen = new Transcript('server');
  let before = Buffer.alloc(0);
  let head = '';
  socket.on('data', (chunk: Buffer) => {
    if (head !== '') return seen.push(chunk);
    before = Buffer.concat([before, chunk]);
    const end = before.indexOf('\r\n\r\n');
    if (end < 0) return;
    head = before.toString('latin1', 0, end);
    if (before.length > end + 4) seen.push(before.subarray(end + 4));
  });
  let closed = false;
  socket.on('close', () => (closed = true));
  socket.write(get(path, authority, handshake + headers));
  await until(() => head !== '' || closed);
  return {
    socket,
    head,
    seen,
    write: (...frames) => socket.write(Buffer.concat(frames.map((frame) => bytesOf(frame, mask)))),
    isClosed: () => closed,
  };
}

export function frame(
  opcode: OutgoingFrame['opcode'],
  content: string | Buffer = '',
  fin = true,
): OutgoingFrame {
  const payload = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  return { opcode, fin, payload };
}

export function closeFrame(code: number, reason = ''): OutgoingFrame {
  return { opcode: 'close', fin: true, payload: encodeClose({ code, reason }) };
}

/** A server of the `ws` package that sends everything back. */
export async function startEchoServer(): Promise<
  Upstream & { readonly sockets: WebSocketServer; readonly heads: IncomingMessage[] }
> {
  const upstream = await startUpstream((_request, response) => response.end('plain'));
  const heads: IncomingMessage[] = [];
  const sockets = new WebSocketServer({
    server: upstream.server,
    perMessageDeflate: true,
    handleProtocols: (offered) => [...offered].at(-1) ?? false,
  });
  sockets.on('connection', (socket, request) => {
    heads.push(request);
    socket.on('error', () => undefined);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  return { ...upstream, sockets, heads };
}

/** The `ws` package's client, through the proxy. */
export async function openClient(
  proxy: Proxy,
  authority: string,
  protocols: string[] = [],
  options: ClientOptions = {},
): Promise<WebSocket> {
  const { socket } = await connectTunnel(proxy, authority);
  const secure = connectTls({ socket, ca: proxy.ca, servername: HOST });
  await new Promise((resolve) => secure.once('secureConnect', resolve));
  const client = new WebSocket(`ws://${authority}/ws`, protocols, {
    ...options,
    createConnection: () => secure,
  });
  await new Promise((resolve, reject) => {
    client.once('open', resolve);
    client.once('error', reject);
  });
  client.on('error', () => undefined);
  return client;
}

/** Code and reason of the close that the client gets. */
export function closed(client: WebSocket): Promise<string> {
  return new Promise((resolve) =>
    client.once('close', (code, reason) => resolve(`${code} ${reason.toString()}`.trimEnd())),
  );
}

export function nextMessage(client: WebSocket): Promise<Buffer> {
  return new Promise((resolve) => client.once('message', (data) => resolve(data as Buffer)));
}
