import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { RequestHead } from '@bot-bottle/egress';

/** One request as Node's parser gave it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly version: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** What Node's own parser makes of one connection. It is compared in what it reads, not in how much it takes. */
export class NodeReference {
  private readonly waiting = new Map<Duplex, (what: Seen | 'refused') => void>();
  private readonly server = createServer({
    insecureHTTPParser: false,
    requireHostHeader: true,
    maxHeaderSize: 1024 * 1024,
  });

  constructor() {
    // More than 1000 fields or trailers are refused otherwise; 0 is no limit.
    this.server.maxHeadersCount = 0;
    const onRequest = (request: IncomingMessage): void => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () =>
        this.settle(request.socket, seen(request, Buffer.concat(parts).toString('latin1'))),
      );
      request.on('error', () => this.settle(request.socket, 'refused'));
    };
    this.server.on('request', onRequest);
    this.server.on('checkContinue', onRequest);
    this.server.on('connect', (request, socket) => this.settle(socket, seen(request, '')));
    this.server.on('upgrade', (request, socket) => this.settle(socket, seen(request, '')));
    this.server.on('clientError', (_, socket) => this.settle(socket, 'refused'));
  }

  /** Feeds bytes and then closes; resolves with every request that came out, in order. */
  async read(input: Buffer): Promise<Array<Seen | 'refused'>> {
    const [client, server] = duplexPair();
    const out: Array<Seen | 'refused'> = [];
    const closed = new Promise<void>((resolve) => {
      this.waiting.set(server, (what) => {
        out.push(what);
        const enough = what === 'refused' || out.length === 2 || ends(what);
        if (enough) resolve();
      });
      server.on('close', resolve);
      server.on('error', () => resolve());
    });
    client.on('error', () => undefined);
    client.resume();
    this.server.emit('connection', server);
    client.write(input);
    await closed;
    this.waiting.delete(server);
    client.destroy();
    server.destroy();
    return out;
  }

  private settle(socket: Duplex, what: Seen | 'refused'): void {
    this.waiting.get(socket)?.(what);
  }

  close(): void {
    this.server.close();
  }
}

/**
 * Whether Node takes a request that was accepted for the last one of its connection, and refuses whatever follows: it
 * reads `Proxy-Connection`, which no standard knows and which egress drops, as if it were `Connection`.
 */
export function isLastForNode(head: RequestHead): boolean {
  return !head.keepAlive || head.headers.some(([name, value]) => closes(name, value));
}

function closes(name: string, value: string): boolean {
  return /^(?:proxy-)?connection$/i.test(name) && /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value);
}

function seen(request: IncomingMessage, body: string): Seen {
  // Answering is what makes Node go on to the next request of the connection.
  const { method = '', url = '', httpVersion: version, rawHeaders: headers } = request;
  const response: unknown = Reflect.get(request.socket, '_httpMessage');
  if (
    typeof response === 'object' &&
    response !== null &&
    'end' in response &&
    typeof response.end === 'function'
  ) {
    response.end();
  }
  return { method, url, version, headers, body };
}

function ends({ method, version, headers }: Seen): boolean {
  const isLast = headers.some((name, index) => index % 2 === 0 && closes(name, headers[index + 1] ?? ''));
  const upgrades = headers.some((text) => text.toLowerCase() === 'upgrade');
  return method === 'CONNECT' || version === '1.0' || isLast || upgrades;
}
