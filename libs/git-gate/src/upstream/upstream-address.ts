import type { GateRepo } from '../config.ts';

/** Port that `ssh` uses when none is written. */
export const sshPort = 22;

/** The host as a URL has it: IPv6 addresses in brackets. */
export function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** `host:port/path` of an upstream, for people. */
export function upstreamLabel({ host, port, path }: Pick<GateRepo, 'host' | 'port' | 'path'>): string {
  return `${urlHost(host)}:${port}${path}`;
}
