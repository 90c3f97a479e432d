import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { isIP } from 'node:net';
import { createLeafMinter, mintAuthority } from '@bot-bottle/egress';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
}

/** The API of the demo: a real TLS server of this host with a CA of its own, which remembers what reached it. */
export class DemoApi {
  static readonly host = 'api.demo.test';
  readonly seen: SeenRequest[] = [];
  /** PEM that a client has to trust */
  readonly ca: string;
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, ca: string, port: number, seen: SeenRequest[]) {
    this.#server = server;
    this.ca = ca;
    this.port = port;
    this.seen = seen;
  }

  /** @param address of this host */
  static async open(address: string): Promise<DemoApi> {
    const authority = await mintAuthority({ bottle: 'demo API', days: 1 });
    const { cert, key } = await createLeafMinter(authority).leaf(DemoApi.host);
    const seen: SeenRequest[] = [];
    const server = createServer({ cert, key }, (request, response) => {
      const { authorization = '' } = request.headers;
      seen.push({ method: request.method ?? '', path: request.url ?? '', authorization });
      request.resume();
      request.once('end', () => {
        response.setHeader('X-You-Sent', authorization);
        // An upstream that gives a credential away, as debug pages do.
        response.end(request.url === '/v1/echo' ? `you sent: ${authorization}\n` : 'hello from the API\n');
      });
    });
    server.listen(0, address);
    await once(server, 'listening');
    const bound = server.address();
    if (bound === null || typeof bound === 'string' || isIP(bound.address) === 0) {
      throw new Error('the demo API has no port');
    }
    return new DemoApi(server, authority.cert, bound.port, seen);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
