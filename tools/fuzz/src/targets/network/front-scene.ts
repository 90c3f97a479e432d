import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Route } from '@bot-bottle/egress';
import { AgentStream, dial } from '../../http/agent.ts';
import type { Way } from '../../http/agent.ts';
import { Violation } from '../../fuzz/target.ts';
import { startEgress } from '../../sidecar/egress-process.ts';
import type { EgressProcess } from '../../sidecar/egress-process.ts';

/** Stands in seeds for the port of the upstream, which is as long. */
export const SEED_PORT = '54321';
export const HOST = 'plain.test';
const CANARY = 'canary-zyxwvutsrqponmlkjihgfedcba';

export interface FrontScene {
  readonly egress: EgressProcess;
  readonly way: Way;
  /** puts the real port into an input */
  withPort(bytes: Buffer): Buffer;
  /** @throws Violation for what the upstream must never have seen */
  judgeUpstream(): void;
  /** @throws Violation when a good request is not answered, or the proxy died */
  check(): Promise<void>;
  /** requests that reached the upstream */
  readonly arrived: number;
  close(): Promise<void>;
}

export interface FrontOptions {
  /** how long a silent agent is waited for, milliseconds */
  readonly silenceMs: number;
  readonly isBuilt?: boolean;
}

/**
 * The real egress process between an agent that sends anything and an upstream whose parser is Node's. The upstream
 * judges what arrives: nothing that is no request, no other path, no field of the agent that must be taken off.
 */
export async function openFront(options: FrontOptions): Promise<FrontScene> {
  const problems: string[] = [];
  let arrived = 0;
  const server = createServer({ requireHostHeader: true, maxHeaderSize: 256 * 1024 }, (request, response) => {
    arrived += 1;
    const { url = '', method = '', headers } = request;
    if (!/^\/ok(?:[/?]|$)/.test(url)) problems.push(`${method} ${url} arrived, which no route allows`);
    if (method !== 'GET' && method !== 'POST' && method !== 'HEAD') problems.push(`${method} arrived`);
    for (const name of ['authorization', 'cookie', 'x-api-key', 'proxy-authorization', 'te', 'trailer'])
      if (headers[name] !== undefined) problems.push(`the agent's ${name} arrived`);
    request.on('error', () => undefined).resume();
    request.on('end', () => response.end('fine'));
  });
  server.on('checkContinue', () => problems.push('Expect arrived'));
  server.on('upgrade', (request, socket) => {
    arrived += 1;
    // the route takes WebSockets, whose messages are scanned; no other protocol
    if (request.headers.upgrade !== 'websocket')
      problems.push(`an upgrade to ${request.headers.upgrade} arrived`);
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // an agent that leaves in the middle of an upload ends the upstream connection, which is no malformed request
    const isEnd = ['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE', 'HPE_CLOSED_CONNECTION'].includes(
      error.code ?? '',
    );
    if (!isEnd) problems.push(`what arrived is no request: ${error.code ?? ''} ${error.message}`);
    socket.destroy();
  });
  const port = await fiveDigitPort(server);
  const egress = await startEgress({
    routes: [plainRoute(port)],
    hosts: { [HOST]: '127.0.0.1' },
    secrets: { EGRESS_CANARY: CANARY },
    limits: { first_byte_ms: options.silenceMs, idle_ms: options.silenceMs },
    isBuilt: options.isBuilt ?? false,
  });
  const way = { socket: egress.socket, ca: egress.ca };
  const judgeUpstream = (): void => {
    const [problem] = problems.splice(0);
    if (problem !== undefined) throw new Violation(problem);
  };
  return {
    egress,
    way,
    withPort: (bytes) =>
      bytes.includes(SEED_PORT)
        ? Buffer.from(bytes.toString('latin1').replaceAll(SEED_PORT, String(port)), 'latin1')
        : bytes,
    get arrived() {
      return arrived;
    },
    judgeUpstream,
    check: async () => {
      if (egress.lives !== 1) throw new Violation(`the proxy died: ${egress.warnings.join('; ')}`);
      await goodRequest(way, port);
      judgeUpstream();
    },
    close: async () => {
      await egress.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Asks what must be answered, whatever came before. @throws Violation */
async function goodRequest(way: Way, port: number): Promise<void> {
  const stream = new AgentStream(await dial(way));
  let body = '';
  const outcome = await stream.ask(
    `GET http://${HOST}:${port}/ok HTTP/1.1\r\nHost: ${HOST}:${port}\r\nConnection: close\r\n\r\n`,
    { onBody: (chunk) => (body += chunk.toString('latin1')) },
  );
  stream.destroy();
  if (outcome.kind !== 'answer' || outcome.response.status !== 200 || body !== 'fine')
    throw new Violation(`a good request is answered with ${outcome.response?.status ?? 'nothing'} ${body}`);
}

function plainRoute(port: number): Route {
  return {
    host: HOST,
    ports: [port],
    scheme: 'http',
    path_allowlist: ['/ok'],
    methods: ['GET', 'POST', 'HEAD'],
    auth: null,
    authorization: 'strip',
    agent_headers: [],
    env_secrets: [],
    git: { fetch: false },
    dlp: { outbound: ['known_secrets', 'token_patterns', 'canary', 'crlf'], inbound: [], on_match: 'block' },
    address_allowlist: ['127.0.0.1/32'],
    owner: 'manifest',
    expires_at: null,
    inject: false,
  };
}

async function fiveDigitPort(server: ReturnType<typeof createServer>): Promise<number> {
  for (;;) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    if (port >= 10_000) return port;
    await new Promise((resolve) => server.close(resolve));
  }
}
