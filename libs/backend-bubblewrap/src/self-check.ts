import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { BackendError, type SidecarName } from '@bot-bottle/backend';
import type { InitChannel } from './channel/init-channel.ts';
import { bridgePorts } from './guest-layout.ts';

const LIMIT_MS = 10_000;
// documentation address (RFC 5737), public resolvers, cloud metadata
const outside = [
  { host: '192.0.2.1', port: 443 },
  { host: '1.1.1.1', port: 53 },
  { host: '2606:4700:4700::1111', port: 443 },
  { host: '169.254.169.254', port: 80 },
];

/** What must not be reached from inside: a port on the host's loopback and an abstract socket, both of this process. */
export interface Lures {
  readonly port: number;
  readonly abstract: string;
  close(): void;
}

/** Opened before the bottle answers, so that nothing waits for them. */
export async function openLures(): Promise<Lures> {
  const abstract = `bot-bottle-check-${randomBytes(8).toString('hex')}`;
  const servers = [createServer(), createServer()] as const;
  const [loopback, unix] = servers;
  const close = () => servers.forEach((server) => server.close());
  try {
    await Promise.all([
      listen(loopback, { host: '127.0.0.1', port: 0 }),
      listen(unix, { path: `\0${abstract}` }),
    ]);
  } catch (error) {
    close();
    throw error;
  }
  const address = loopback.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 9, abstract, close };
}

/**
 * Lets init try to get out: to this process on the host's loopback, to its abstract socket, to every address of the
 * host, to the world, to DNS.
 *
 * @throws BackendError `self_check_failed`
 */
export async function proveIsolation(
  channel: InitChannel,
  sidecars: readonly SidecarName[],
  { port, abstract }: Lures,
): Promise<void> {
  const hosts = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address: host, scopeid }) => (scopeid === undefined || scopeid === 0 ? host : null))
    .filter((host) => host !== null);
  const request = {
    addresses: [...outside, ...hosts.map((host) => ({ host, port }))],
    abstract: [abstract],
    names: ['example.com'],
    ports: sidecars.map((name) => bridgePorts[name]),
  };
  const problems = await withLimit(channel.check(request));
  if (problems.length > 0)
    throw new BackendError('self_check_failed', `the bottle is not closed: ${problems.join('; ')}`, {
      data: { problems },
    });
}

function listen(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  server.on('connection', (socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => resolve());
  });
}

function withLimit(answer: Promise<string[]>): Promise<string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  const timer = setTimeout(
    () => reject(new BackendError('self_check_failed', 'the bottle did not answer the check in time')),
    LIMIT_MS,
  );
  answer.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}
