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

/**
 * Lets init try to get out: to this process on the host's loopback, to its abstract socket, to every address of the
 * host, to the world, to DNS.
 *
 * @throws BackendError `self_check_failed`
 */
export async function proveIsolation(channel: InitChannel, sidecars: readonly SidecarName[]): Promise<void> {
  const abstract = `bot-bottle-check-${randomBytes(8).toString('hex')}`;
  const [loopback, unix] = await Promise.all([
    listen({ host: '127.0.0.1', port: 0 }),
    listen({ path: `\0${abstract}` }),
  ]);
  try {
    const address = loopback.address();
    const port = typeof address === 'object' && address !== null ? address.port : 9;
    const hosts = Object.values(networkInterfaces())
      .flatMap((entries) => entries ?? [])
      .map(({ address: host, scopeid }) => (scopeid === undefined || scopeid === 0 ? host : null))
      .filter((host) => host !== null);
    const addresses = [...outside, ...hosts.map((host) => ({ host, port }))];
    const request = {
      addresses,
      abstract: [abstract],
      names: ['example.com'],
      ports: sidecars.map((name) => bridgePorts[name]),
    };
    const problems = await withLimit(channel.check(request));
    if (problems.length > 0)
      throw new BackendError('self_check_failed', `the bottle is not closed: ${problems.join('; ')}`, {
        data: { problems },
      });
  } finally {
    loopback.close();
    unix.close();
  }
}

function listen(where: { host: string; port: number } | { path: string }): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => resolve(server));
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
