import { networkInterfaces } from 'node:os';
import type { SidecarName } from '@bot-bottle/backend';
import { addressOf, sidecarPorts, type InternalNetwork } from '../networks/internal-network.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** What is looked for from inside. */
export interface CheckRequest {
  /** addresses that must not answer */
  readonly closed: readonly Target[];
  /** addresses where no resolver may answer */
  readonly resolvers: readonly string[];
  readonly names: readonly string[];
  /** the agent's address, the only one that it has */
  readonly own: string;
  /** where a route may lead, because nobody has that address */
  readonly gateway: string;
  /** addresses that may be its neighbours */
  readonly neighbours: readonly string[];
  /** milliseconds for one address: what could answer is near, and a new namespace asks for neighbours at once */
  readonly limitMs: number;
  /** milliseconds for one name */
  readonly nameLimitMs: number;
}

/** Secure shell, DNS, the web, and the engine's API. */
const commonPorts = [22, 53, 80, 443, 2375, 2376];
const outside: readonly Target[] = [
  // documentation address (RFC 5737), public resolvers, cloud metadata
  { host: '192.0.2.1', port: 443 },
  { host: '1.1.1.1', port: 53 },
  { host: '2606:4700:4700::1111', port: 443 },
  { host: '169.254.169.254', port: 80 },
  { host: 'fd00:ec2::254', port: 80 },
];

export interface CheckFacts {
  readonly network: InternalNetwork;
  readonly sidecars: readonly SidecarName[];
  /** addresses of the engine's other networks and containers */
  readonly engineAddresses: readonly string[];
  /** port of a listener of this process on every address of this host, null: the engine is elsewhere */
  readonly lurePort: number | null;
}

export function checkRequest({ network, sidecars, engineAddresses, lurePort }: CheckFacts): CheckRequest {
  const gateway = addressOf(network, 'gateway');
  const own = addressOf(network, 'agent');
  const hosts = [...new Set([gateway, ...hostAddresses(), ...engineAddresses])];
  const ports = lurePort === null ? commonPorts : [...commonPorts, lurePort];
  const all = (host: string): Target[] => ports.map((port) => ({ host, port }));
  const inSidecars = sidecars.flatMap((name) =>
    [...ports, ...Object.values(sidecarPorts)]
      .filter((port) => port !== sidecarPorts[name])
      .map((port) => ({ host: addressOf(network, name), port })),
  );
  // Whoever else is on the network is found as a neighbour, whatever port is tried.
  const others = network.subnet.hosts
    .filter((host) => host !== own && !sidecars.some((name) => addressOf(network, name) === host))
    .map((host) => ({ host, port: 80 }));
  return {
    closed: [...outside, ...hosts.flatMap(all), ...inSidecars, ...others],
    resolvers: [...hosts, '1.1.1.1'],
    names: ['example.com', 'host.docker.internal'],
    own,
    gateway,
    neighbours: sidecars.map((name) => addressOf(network, name)),
    limitMs: 250,
    nameLimitMs: 450,
  };
}

/** Every address of this host, those of its bridges included; link-local ones mean nothing elsewhere. */
function hostAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(({ internal, scopeid }) => !internal && (scopeid === undefined || scopeid === 0))
    .map(({ address }) => address);
}
