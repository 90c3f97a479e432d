import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export interface EngineRelay {
  readonly port: number;
  close(): Promise<void>;
}

interface Certificates {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

const socketPath = (process.env['DOCKER_HOST'] ?? '').replace(/^unix:\/\//, '') || '/var/run/docker.sock';

/** A port of the loopback that leads to the engine, with TLS that asks for a certificate or without. */
export async function relayEngine(tls: Certificates | null): Promise<EngineRelay> {
  const open = new Set<Socket>();
  const relay = (client: Socket): void => {
    const engine = connect({ path: socketPath, allowHalfOpen: true });
    for (const end of [client, engine]) {
      open.add(end);
      end.on('error', () => undefined).once('close', () => open.delete(end));
    }
    client.pipe(engine).pipe(client);
    client.once('close', () => engine.destroy());
  };
  const server: Server =
    tls === null
      ? createServer({ allowHalfOpen: true }, relay)
      : createTlsServer(
          { ...tls, requestCert: true, rejectUnauthorized: false, allowHalfOpen: true },
          (client) => {
            // The engine wants to know who comes.
            if (Object.keys(client.getPeerCertificate()).length === 0) client.destroy();
            else relay(client);
          },
        );
  server.on('connection', (raw: Socket) => {
    open.add(raw);
    raw.on('error', () => undefined).once('close', () => open.delete(raw));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
