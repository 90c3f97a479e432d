import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { buildRoutes, createLeafMinter, mintAuthority, type RouteRequest } from '@bot-bottle/egress';
import { buildConfig, renderConfig, sidecarFiles, type PipelockSidecarConfig } from '@bot-bottle/pipelock';
import { startGuard, type RunningGuard } from '@bot-bottle/sidecar-pipelock';
import { folder } from './programs.ts';

export const authority = await mintAuthority({ bottle: 'guard', days: 1 });
const upstreamCa = await mintAuthority({ bottle: 'upstream', days: 1 });

export interface Upstream {
  readonly port: number;
  readonly bodies: string[];
  close(): void;
}

/** A real upstream called `localhost` that records what reaches it. */
export async function startUpstream(tls: boolean): Promise<Upstream> {
  const bodies: string[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      response.end('from the upstream');
    });
  };
  const leaf = await createLeafMinter(upstreamCa).leaf('localhost');
  const server = tls
    ? createHttpsServer({ cert: leaf.cert, key: leaf.key }, listener)
    : createHttpServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    bodies,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export async function freePort(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface SetUp {
  readonly routes?: readonly RouteRequest[];
  readonly tlsPassthrough?: readonly string[];
}

let count = 0;

/** Configuration of the sidecar; `localhost` may be reached unless the routes say otherwise. */
export async function sidecarConfig(program: string, set: SetUp = {}): Promise<PipelockSidecarConfig> {
  const routes = set.routes ?? [{ host: 'localhost', addressAllowlist: ['127.0.0.0/8', '::1'] }];
  const own = mkdtempSync(join(folder, `guard-${(count += 1)}-`));
  const config = buildConfig({
    routes: buildRoutes([], [...routes]).table.routes,
    tlsPassthrough: set.tlsPassthrough ?? [],
    supervise: false,
    ca: { cert: join(own, sidecarFiles.caCert), key: join(own, sidecarFiles.caKey) },
  });
  return {
    bottle: 'test',
    program,
    folder: own,
    listen: `127.0.0.1:${await freePort()}`,
    config: renderConfig(config),
    ca_cert: authority.cert,
    extra_ca: upstreamCa.cert,
  };
}

export async function guardOf(
  config: PipelockSidecarConfig,
  more: { readonly caKey?: string; readonly healthMs?: number } = {},
): Promise<RunningGuard> {
  const log = openSync(join(config.folder, 'log'), 'a');
  return await startGuard({ config, caKey: more.caKey ?? authority.key, log, ...more });
}

export const logOf = ({ folder: own }: PipelockSidecarConfig): string =>
  readFileSync(join(own, 'log'), 'utf8');

export interface Answer {
  readonly status: number;
  readonly text: string;
}

async function read(socket: Socket): Promise<Answer> {
  let text = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) text += chunk.toString('latin1');
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text };
}

async function dial(listen: string): Promise<Socket> {
  const [host = '', port = ''] = listen.split(':');
  const socket = connect(Number(port), host);
  await once(socket, 'connect');
  return socket;
}

export interface Sent {
  readonly body?: string;
  readonly headers?: readonly string[];
  readonly path?: string;
}

const requestText = (host: string, target: string, { body = '', headers = [] }: Sent): string =>
  [
    `${body === '' ? 'GET' : 'POST'} ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: close',
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`, 'Content-Type: text/plain']),
    ...headers,
    '',
    body,
  ].join('\r\n');

/** A request in plaintext, in absolute form. */
export async function plain(listen: string, host: string, sent: Sent = {}): Promise<Answer> {
  const socket = await dial(listen);
  socket.write(requestText(host, `http://${host}${sent.path ?? '/'}`, sent));
  return await read(socket);
}

/**
 * A request through CONNECT and TLS.
 *
 * @param by whose certificate must come: pipelock opened TLS, or left it to the upstream
 */
export async function tunnelled(
  listen: string,
  host: string,
  by: 'guard' | 'upstream',
  sent: Sent = {},
): Promise<Answer> {
  const socket = await dial(listen);
  socket.write(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head.toString('latin1'))?.[1] ?? 0);
  if (status !== 200) {
    socket.destroy();
    return { status, text: head.toString('latin1') };
  }
  const name = host.replace(/:\d+$/, '');
  const ca = by === 'guard' ? authority.cert : upstreamCa.cert;
  const secure = connectTls({ socket, servername: name, ca, ALPNProtocols: ['http/1.1'] });
  await once(secure, 'secureConnect');
  secure.write(requestText(host, sent.path ?? '/', sent));
  return await read(secure);
}
