import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { AuditEvent } from '@bot-bottle/audit';
import { createLeafMinter, mintAuthority } from '@bot-bottle/egress';
import type { Authority, EgressConfigInput, Route } from '@bot-bottle/egress';
import { createEgressServer } from '@bot-bottle/sidecar-egress';
import type { EgressServer, EgressServerOptions, LogRecord } from '@bot-bottle/sidecar-egress';

export const HOST = 'api.test';
export const SECRET = 'live-0123456789abcdefghijklmnop';
export const CANARY = 'canary-zyxwvutsrqponmlkjihgfedcba';

/** A route row with the defaults of a manifest. */
export function route(host: string, port: number, more: Partial<Route> = {}): Route {
  return {
    host,
    ports: [port],
    scheme: 'https',
    path_allowlist: [],
    methods: [],
    auth: null,
    authorization: 'strip',
    agent_headers: [],
    env_secrets: [],
    git: { fetch: false },
    dlp: { outbound: ['known_secrets', 'canary'], inbound: [], on_match: 'block' },
    address_allowlist: ['127.0.0.1/32'],
    owner: 'manifest',
    expires_at: null,
    inject: false,
    ...more,
  };
}

export const bearer = { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0', header: null, username: null } as const;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Upstream {
  readonly port: number;
  readonly server: Server;
  readonly ca: string;
  close(): Promise<void>;
}

let authority: Promise<Authority> | null = null;
/** The CA of every upstream of a test file. */
export function upstreamAuthority(): Promise<Authority> {
  authority ??= mintAuthority({ bottle: 'upstream', days: 1 });
  return authority;
}

/** A real TLS upstream on a free port. */
export async function startUpstream(handler: Handler, hosts: readonly string[] = [HOST]): Promise<Upstream> {
  const ca = await upstreamAuthority();
  const [host = HOST] = hosts;
  const leaf = await createLeafMinter(ca).leaf(host);
  const server = createHttpsServer({ cert: leaf.cert, key: leaf.key }, handler);
  const port = await listenLocal(server);
  return { port, server, ca: ca.cert, close: () => closeServer(server) };
}

export async function startPlainUpstream(
  handler: Handler,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createHttpServer(handler);
  const port = await listenLocal(server);
  return { port, close: () => closeServer(server) };
}

export function listenLocal(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function closeServer(server: {
  close(done: () => void): unknown;
  closeAllConnections(): void;
}): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export interface Proxy {
  readonly server: EgressServer;
  readonly address: string;
  readonly host: string;
  readonly port: number;
  /** CA that the agent trusts */
  readonly ca: string;
  readonly events: AuditEvent[];
  readonly logs: LogRecord[];
  close(): Promise<void>;
}

export interface ProxyOptions {
  readonly routes: readonly Route[];
  readonly config?: Partial<EgressConfigInput>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly audit?: (event: AuditEvent) => Promise<void>;
  readonly now?: () => number;
  readonly propose?: EgressServerOptions['propose'];
}

/** The egress server itself, in this process, on a free port. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const agentCa = await mintAuthority({ bottle: 'test', days: 1 });
  const upstream = await upstreamAuthority();
  const events: AuditEvent[] = [];
  const logs: LogRecord[] = [];
  const hosts = Object.fromEntries(options.routes.map((row) => [row.host, '127.0.0.1']));
  const server = createEgressServer({
    config: {
      bottle: 'test',
      listen: '127.0.0.1:0',
      table: { version: 1, routes: [...options.routes] },
      ca: { cert: agentCa.cert },
      extra_ca: upstream.cert,
      upstream_proxy: null,
      hosts,
      supervise: true,
      budget: { request_bytes: null, total_bytes: null },
      dlp_allow: [],
      env_secrets: {},
      log: 2,
      ...options.config,
    },
    secrets: {
      EGRESS_CA_KEY: agentCa.key,
      EGRESS_TOKEN_0: SECRET,
      EGRESS_CANARY: CANARY,
      ...options.secrets,
    },
    audit:
      options.audit ??
      (async (event) => {
        events.push(event);
      }),
    log: (record) => logs.push(record),
    ...(options.now === undefined ? {} : { now: options.now }),
    ...(options.propose === undefined ? {} : { propose: options.propose }),
  });
  const [address = ''] = await server.listen();
  const [host = '', port = '0'] = address.split(':');
  return {
    server,
    address,
    host,
    port: Number(port),
    ca: agentCa.cert,
    events,
    logs,
    close: () => server.close(),
  };
}

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** everything that came, head included */
  readonly raw: string;
}

/** Reads everything until the peer closes or, with a Content-Length or chunked body, the answer is complete. */
export function readAnswer(socket: Socket, limitMs = 10_000): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let raw = '';
    const timer = setTimeout(
      () => settle(new Error(`no complete answer, got: ${JSON.stringify(raw.slice(0, 500))}`)),
      limitMs,
    );
    const settle = (failed: Error | null) => {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      if (failed === null) resolve(parseAnswer(raw));
      else reject(failed);
    };
    const onData = (chunk: Buffer) => {
      raw += chunk.toString('latin1');
      if (isComplete(raw)) settle(null);
    };
    const onEnd = () =>
      settle(raw.includes('\r\n\r\n') ? null : new Error(`closed early: ${JSON.stringify(raw)}`));
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
  });
}

function isComplete(raw: string): boolean {
  const end = raw.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = raw.slice(0, end).toLowerCase();
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) return raw.length >= end + 4 + Number(length);
  if (head.includes('transfer-encoding: chunked')) return raw.endsWith('0\r\n\r\n');
  return /^http\/1\.1 (?:1\d\d|204|304)/.test(head) || head.startsWith('http/1.1 200 connection established');
}

export function parseAnswer(raw: string): Answer {
  const end = raw.indexOf('\r\n\r\n');
  const [first = '', ...lines] = raw.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const match = /^HTTP\/1\.1 (\d+) ?(.*)$/.exec(first);
  const rest = raw.slice(end + 4);
  const body = headers['transfer-encoding'] === 'chunked' ? unchunk(rest) : rest;
  return { status: Number(match?.[1] ?? 0), reason: match?.[2] ?? '', headers, body, raw };
}

function unchunk(text: string): string {
  let body = '';
  let at = 0;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, end), 16);
    if (!(size > 0)) return body;
    body += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}

export function dial(proxy: Pick<Proxy, 'host' | 'port'>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: proxy.host, port: proxy.port });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** Sends bytes to the proxy itself and reads one answer. */
export async function rawExchange(
  proxy: Pick<Proxy, 'host' | 'port'>,
  bytes: string | Buffer,
): Promise<Answer> {
  const socket = await dial(proxy);
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  try {
    return await readAnswer(socket);
  } finally {
    socket.destroy();
  }
}

export async function connectTunnel(
  proxy: Pick<Proxy, 'host' | 'port'>,
  authority: string,
  headers = '',
): Promise<{ socket: Socket; answer: Answer }> {
  const socket = await dial(proxy);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${headers}\r\n`);
  const answer = await readAnswer(socket);
  return { socket, answer };
}

/** A TLS session inside a tunnel, verified against the bottle's CA. */
export async function openTls(
  proxy: Pick<Proxy, 'host' | 'port' | 'ca'>,
  authority: string,
  options: { servername?: string; alpn?: string[]; verify?: boolean } = {},
): Promise<TLSSocket> {
  const { socket, answer } = await connectTunnel(proxy, authority);
  if (answer.status !== 200) throw new Error(`CONNECT answered ${answer.status} ${answer.reason}`);
  const name = options.servername ?? authority.replace(/:\d+$/, '');
  return new Promise((resolve, reject) => {
    const secure = connectTls({
      socket,
      ca: proxy.ca,
      rejectUnauthorized: options.verify ?? true,
      ...(name === '' ? { checkServerIdentity: () => undefined } : { servername: name }),
      ...(options.alpn === undefined ? {} : { ALPNProtocols: options.alpn }),
    });
    secure.once('error', reject);
    secure.once('secureConnect', () => {
      secure.off('error', reject);
      secure.on('error', () => undefined);
      resolve(secure);
    });
  });
}

/** One request inside a fresh tunnel. */
export async function tlsExchange(
  proxy: Pick<Proxy, 'host' | 'port' | 'ca'>,
  authority: string,
  bytes: string | Buffer,
  options: { servername?: string } = {},
): Promise<Answer> {
  const secure = await openTls(proxy, authority, options);
  secure.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  try {
    return await readAnswer(secure);
  } finally {
    secure.destroy();
  }
}

export function get(path: string, authority: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\n${headers}\r\n`;
}

export function denyCode(answer: Answer): string {
  return answer.headers['x-bot-bottle-deny'] ?? `none (${answer.status})`;
}

/** Waits for a condition with a limit, checked on every turn of the event loop. */
export async function until(condition: () => boolean, limitMs = 5_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'egress-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
