import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chmodSync } from 'node:fs';
import { makeServerCertificate, type ServerCertificate } from './certificates.ts';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A real TLS server that records what reaches it. */
export class Upstream {
  readonly seen: SeenRequest[] = [];
  readonly certificate: ServerCertificate;
  readonly server: Server;
  readonly #dir: string;

  constructor(names: readonly string[], answer: (request: SeenRequest, response: ServerResponse) => void) {
    this.#dir = mkdtempSync(path.join(tmpdir(), 'bb-upstream-'));
    chmodSync(this.#dir, 0o755);
    this.certificate = makeServerCertificate(this.#dir, names);
    chmodSync(this.certificate.caFile, 0o644);
    const listener: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const seen: SeenRequest = {
          method: request.method ?? '',
          url: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(chunks).toString('latin1'),
        };
        this.seen.push(seen);
        answer(seen, response);
      });
    };
    this.server = createServer({ cert: this.certificate.cert, key: this.certificate.key }, listener);
  }

  /** @param host address of this machine, default its loopback */
  async listen(host = '127.0.0.1'): Promise<number> {
    this.server.listen(0, host);
    await once(this.server, 'listening');
    return this.port;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
