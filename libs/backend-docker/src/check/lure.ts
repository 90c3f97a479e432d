import { createServer } from 'node:net';

/** A listener on every address of this host that nobody in a bottle must reach. */
export interface Lure {
  readonly port: number;
  close(): void;
}

export async function openLure(): Promise<Lure> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.destroy();
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  // Every address, also of IPv4, where the host has both.
  server.listen(0, () => resolve());
  await promise;
  const address = server.address();
  server.unref();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 9,
    close: () => server.close(),
  };
}
