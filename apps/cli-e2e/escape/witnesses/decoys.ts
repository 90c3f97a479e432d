import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net';
import type { Witness } from './witness.ts';

/** Services of the host that nothing of a bottle may reach: each connection and datagram is noted. */
export class Decoys implements Witness {
  readonly #notes: string[] = [];
  readonly #servers: Server[] = [];
  readonly #datagrams: Datagrams[] = [];

  /** Listens and returns the port, 0 for a unix socket. */
  async listen(where: ListenOptions): Promise<number> {
    // A free port of one family may be taken in the other: then the next one is.
    for (let attempt = 1; where.port === 0 && attempt < 10; attempt += 1) {
      try {
        return await this.#listen(where);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
      }
    }
    return await this.#listen(where);
  }

  async #listen(where: ListenOptions): Promise<number> {
    const server = createServer((socket) => {
      this.#notes.push(`a connection to ${JSON.stringify(where)}`);
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\ndecoy');
    });
    server.listen(where);
    await once(server, 'listening');
    this.#servers.push(server);
    if (where.path !== undefined && !where.path.startsWith('\0')) chmodSync(where.path, 0o777);
    return where.path === undefined ? (server.address() as AddressInfo).port : 0;
  }

  /** Takes datagrams on every address of the host, and returns the port. */
  async listenUdp(): Promise<number> {
    const socket = createSocket({ type: 'udp6', ipv6Only: false });
    this.#datagrams.push(socket);
    socket.on('message', () => this.#notes.push('a datagram'));
    socket.bind(0);
    await once(socket, 'listening');
    return socket.address().port;
  }

  notes(): readonly string[] {
    return this.#notes;
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#datagrams) socket.close();
  }
}
