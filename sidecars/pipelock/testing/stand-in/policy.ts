import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';
import type { Config } from './load-config.ts';

/** Why a request is blocked: a code of pipelock's header, and a sentence. */
export interface Blocked {
  readonly reason: string;
  readonly text: string;
}

/** `*.x.y` covers `x.y` too. */
export function matches(pattern: string, host: string): boolean {
  const name = host.toLowerCase();
  if (!pattern.startsWith('*.')) return pattern.toLowerCase() === name;
  const domain = pattern.slice(2).toLowerCase();
  return name === domain || name.endsWith(`.${domain}`);
}

export function hostBlocked({ mode, api_allowlist: hosts }: Config, host: string): Blocked | null {
  if (mode !== 'strict' || hosts.some((pattern) => matches(pattern, host))) return null;
  return { reason: 'domain_blocklist', text: `domain not in allowlist: ${host}` };
}

const privateNetworks = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
];

/** The address to dial, which no second look-up can change, or why there is none. */
export async function addressOf(config: Config, host: string): Promise<string | Blocked> {
  const address = isIP(host) === 0 ? (await lookup(host)).address : host;
  const isPrivate = contains(privateNetworks, address) && !contains(config.networks, address);
  return isPrivate ? { reason: 'ssrf_private_ip', text: `SSRF blocked: ${host}` } : address;
}

function contains(networks: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [ip = '', bits = ''] = network.split('/');
    list.addSubnet(ip, Number(bits), isIP(ip) === 6 ? 'ipv6' : 'ipv4');
  }
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const patterns = [
  /AKIA[A-Z0-9]{16}/i,
  /gh[pousr]_[A-Za-z0-9_]{36,}/i,
  /sk-ant-[a-zA-Z0-9_-]{20,}/i,
  /-----BEGIN\s+(?:RSA\s+|EC\s+|OPENSSH\s+)?PRIVATE\s+KEY-----/i,
];
const sensitive = new Set(['authorization', 'cookie', 'x-api-key', 'x-token', 'proxy-authorization']);

const leaks = ({ patterns: on }: Config, text: string): boolean =>
  on && patterns.some((each) => each.test(text));

/** What is blocked of a request that can be seen: its URL, hosts that its query names, its headers, its body. */
export function contentBlocked(
  config: Config,
  request: { readonly url: URL; readonly headers: IncomingHttpHeaders; readonly body: string },
): Blocked | null {
  const { url, headers, body } = request;
  const found = (text: string): Blocked => ({ reason: 'dlp_match', text });
  for (const value of url.searchParams.values()) {
    if (!/^https?:\/\//.test(value) || !URL.canParse(value)) continue;
    const nested = hostBlocked(config, new URL(value).hostname);
    if (nested !== null) return nested;
  }
  if (leaks(config, decodeURIComponent(`${url.pathname}${url.search}`))) return found('URL contains secret');
  if (config.body.action !== 'block') return null;
  if (headers['content-encoding'] !== undefined) return found('compressed body');
  if (leaks(config, body)) return found('request body contains secret');
  const names = Object.keys(headers).filter((name) => config.body.all || sensitive.has(name));
  const isLeaking = config.body.headers && names.some((name) => leaks(config, String(headers[name])));
  return isLeaking ? found('request header contains secret') : null;
}
