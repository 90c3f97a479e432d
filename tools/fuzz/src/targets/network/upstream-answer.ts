import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { createLeafMinter, mintAuthority } from '@bot-bottle/egress';
import type { Route } from '@bot-bottle/egress';
import { must, mustEqual } from '../../fuzz/target.ts';
import type { FuzzTarget } from '../../fuzz/target.ts';
import { openTls } from '../../http/agent.ts';
import { headerOf, MalformedResponse, ResponseParser } from '../../http/response-parser.ts';
import { startEgress } from '../../sidecar/egress-process.ts';
import type { EgressProcess } from '../../sidecar/egress-process.ts';

const HOST = 'api.test';
const TOKEN = 'live-0123456789abcdefghijklmnop';
const SILENCE_MS = 1_000;

/** An upstream that answers `/<n>` with the n-th of the given bytes, and ends the connection. */
async function openUpstream(): Promise<{
  port: number;
  ca: string;
  serve: (bytes: Buffer) => { path: string; forget: () => void };
  close: () => void;
}> {
  const authority = await mintAuthority({ bottle: 'upstream', days: 1 });
  const { cert, key } = await createLeafMinter(authority).leaf(HOST);
  const answers = new Map<string, Buffer>();
  let count = 0;
  const server = createServer({ cert, key }, (socket) => {
    socket.on('error', () => undefined);
    let head = '';
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      const path = head.split(' ', 2)[1] ?? '';
      head = '';
      socket.end(answers.get(path) ?? '');
    });
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    ca: authority.cert,
    serve: (bytes) => {
      count += 1;
      const path = `/${count}`;
      answers.set(path, bytes);
      return { path, forget: () => void answers.delete(path) };
    },
    close: () => void server.close(),
  };
}

type Seen = { readonly status: number; readonly body: string } | 'refused';

/** What Node's own client makes of the same answer. */
function askDirectly(port: number, ca: string, path: string): Promise<Seen> {
  return new Promise((resolve) => {
    const refused = (): void => resolve('refused');
    const asked = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        ca,
        servername: HOST,
        agent: false,
        headers: { host: `${HOST}:${port}` },
      },
      (response) => {
        const parts: Buffer[] = [];
        response
          .on('data', (part: Buffer) => parts.push(part))
          .on('error', refused)
          .on('aborted', refused);
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          resolve(response.complete ? { status, body: Buffer.concat(parts).toString('latin1') } : 'refused');
        });
      },
    );
    asked.on('error', refused).on('upgrade', (_, socket) => {
      socket.destroy();
      refused();
    });
    asked.setTimeout(10_000, () => asked.destroy());
    asked.end();
  });
}

/** The first final answer of some bytes as the strict parser reads them, whatever comes behind it. */
function firstAnswer(bytes: Buffer): Seen {
  let seen: Seen = 'refused';
  let body = '';
  const parser = new ResponseParser({
    takesExtensions: true,
    head: () => (body = ''),
    body: (chunk) => (body += chunk.toString('latin1')),
    end: ({ status }) => {
      if (seen === 'refused' && status >= 200) seen = { status, body };
    },
  });
  try {
    parser.push(bytes);
    parser.finish();
  } catch (error) {
    if (!(error instanceof MalformedResponse)) throw error;
  }
  return seen;
}

function routeFor(port: number): Route {
  return {
    host: HOST,
    ports: [port],
    scheme: 'https',
    path_allowlist: [],
    methods: [],
    auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0', header: null, username: null },
    authorization: 'strip',
    agent_headers: [],
    env_secrets: [],
    git: { fetch: false },
    dlp: { outbound: ['known_secrets', 'canary'], inbound: [], on_match: 'block' },
    address_allowlist: ['127.0.0.1/32'],
    owner: 'manifest',
    expires_at: null,
    inject: false,
  };
}

/** Answers of upstreams: exactly one of them reaches the agent, well-formed and without the credential. */
export const upstreamAnswer: FuzzTarget = {
  name: 'upstream-answer',
  about:
    'an answer is passed on once and well-formed, as Node reads it, without the credential, or denied, or cut',
  words: [
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 304 \r\n',
    'HTTP/1.0 200 OK\r\n',
    'HTTP/2 200\r\n',
    'Content-Length: 5\r\n',
    'Content-Length: 0\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    'Content-Encoding: gzip\r\n',
    'Content-Encoding: br\r\n',
    'Connection: keep-alive, X-Secret\r\n',
    'Alt-Svc: h3=":443"\r\n',
    'Set-Cookie: a=b\r\n',
    'Trailer: T\r\n',
    '5\r\nhello\r\n',
    '0\r\n\r\n',
    '0\r\nT: 1\r\n\r\n',
    'ffffffffffffffff\r\n',
    ';ext=1',
    '\r\n\r\n',
    '\n',
    '\r',
    '\0',
    ' folded\r\n',
    `Bearer ${TOKEN}`,
    TOKEN,
    Buffer.from(TOKEN).toString('base64'),
    Buffer.from(TOKEN).toString('hex'),
    TOKEN.slice(0, 12),
  ],
  concurrency: 16,
  limitMs: 60_000,
  open: async () => {
    const upstream = await openUpstream();
    const egress: EgressProcess = await startEgress({
      routes: [routeFor(upstream.port)],
      hosts: { [HOST]: '127.0.0.1' },
      secrets: { EGRESS_TOKEN_0: TOKEN },
      extraCa: upstream.ca,
      limits: { first_byte_ms: 10_000, idle_ms: SILENCE_MS },
    });
    const way = { socket: egress.socket, ca: egress.ca };
    const authority = `${HOST}:${upstream.port}`;
    return {
      run: async (bytes) => {
        const { path, forget } = upstream.serve(bytes);
        const stream = await openTls(way, authority);
        const heard: Buffer[] = [];
        stream.socket.on('data', (chunk: Buffer) => heard.push(chunk));
        let body = '';
        try {
          const outcome = await stream.ask(
            `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`,
            { onBody: (chunk) => (body += chunk.toString('latin1')) },
          );
          const all = Buffer.concat(heard).toString('latin1');
          must(!all.includes(TOKEN), 'the credential reaches the agent');
          must(
            !all.includes(Buffer.from(TOKEN).toString('base64')),
            'the credential reaches the agent in base64',
          );
          must(egress.lives === 1, `the proxy died: ${egress.warnings.join('; ')}`);
          if (outcome.kind === 'cut') {
            must(outcome.response !== null, 'it is cut without an answer');
            return false;
          }
          const { response } = outcome;
          const names = response.headers.map(([name]) => name);
          for (const name of ['alt-svc', 'keep-alive', 'trailer', 'upgrade', 'proxy-authenticate'])
            must(!names.includes(name), `${name} is passed on`);
          if (headerOf(response, 'x-bot-bottle-deny') !== null) return false;
          // what was decoded for the search cannot be compared with what Node leaves as it is, nor what was overwritten
          if (/content-encoding/i.test(bytes.toString('latin1')) || body.includes('*')) return true;
          if (all.includes('***')) return true;
          const direct = await askDirectly(upstream.port, upstream.ca, path);
          // Node refuses an answer for what comes behind it, which here ends the connection only
          const expected = direct === 'refused' ? firstAnswer(bytes) : direct;
          mustEqual({ status: response.status, body }, expected, 'the answer that Node reads');
          return true;
        } finally {
          stream.destroy();
          forget();
        }
      },
      close: async () => {
        await egress.close();
        upstream.close();
      },
    };
  },
};
