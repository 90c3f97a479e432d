import { cidrContains, parseCidr } from '../addresses/cidr.ts';
import { parseIp } from '../addresses/ip.ts';
import type { EgressConfig } from '../contracts.ts';
import { normalizeHost } from '../hosts/normalize-host.ts';
import { parseHostAndPort } from '../hosts/parse-authority.ts';

type UpstreamProxy = NonNullable<EgressConfig['upstream_proxy']>;

/**
 * The proxy that leads to a normalised host and port, null when it is dialled directly. An entry of `no_proxy` is `*`,
 * an address, a CIDR, or a name, which covers itself and everything below it with or without a leading `.` or `*.`;
 * names and addresses may carry a port.
 */
export function proxyFor(host: string, port: number, config: UpstreamProxy | null): UpstreamProxy | null {
  if (config === null) return null;
  return config.no_proxy.some((entry) => excludes(entry.trim(), host, port)) ? null : config;
}

function excludes(entry: string, host: string, port: number): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const ip = parseIp(host);
  const cidr = parseCidr(entry);
  if (cidr !== null) return ip !== null && cidrContains(cidr, ip);
  const name = parseHostAndPort(entry.replace(/^\*?\./, ''));
  const normal = name ?? hostOnly(entry.replace(/^\*?\./, ''));
  if (normal === null || (normal.port !== null && normal.port !== port)) return false;
  if (normal.host === host) return true;
  return ip === null && normal.kind === 'name' && host.endsWith(`.${normal.host}`);
}

function hostOnly(text: string): { host: string; kind: string; port: null } | null {
  const host = normalizeHost(text);
  return host === null ? null : { ...host, port: null };
}
