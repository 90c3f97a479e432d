import { normalizePath } from '@bot-bottle/manifest';
import type { Route } from '../contracts.ts';
import { addressAllowed } from '../addresses/classify-address.ts';
import { parseCidr } from '../addresses/cidr.ts';
import { matchHost, normalizeHostPattern } from '../hosts/match-host.ts';
import { normalizeHost } from '../hosts/normalize-host.ts';
import { localHost } from './local-host.ts';

/** Everything that is wrong with one row beyond its shape; [] when it may be used. */
export function routeProblems(route: Route): string[] {
  return [
    ...hostProblems(route),
    ...limitProblems(route),
    ...credentialProblems(route),
    ...ownerProblems(route),
  ];
}

function hostProblems(route: Route): string[] {
  const pattern = normalizeHostPattern(route.host);
  if (pattern === null)
    return ['host: not a host name, IP address or `*.` and a suffix of two labels or more'];
  const problems: string[] = [];
  if (pattern !== route.host) problems.push(`host: not in its normal form, which is ${pattern}`);
  if (matchHost(pattern, localHost)) problems.push(`host: ${localHost} is answered by egress itself`);
  const invalid = route.address_allowlist.filter((entry) => parseCidr(entry) === null);
  problems.push(
    ...invalid.map((entry) => `address_allowlist: ${JSON.stringify(entry)} is not an address or CIDR`),
  );
  const literal = normalizeHost(route.host);
  if (literal !== null && literal.kind !== 'name' && !addressAllowed(literal.host, route.address_allowlist)) {
    problems.push('host: an IP literal that is not public must be covered by address_allowlist');
  }
  return problems;
}

function limitProblems(route: Route): string[] {
  const problems: string[] = [];
  if (new Set(route.ports).size !== route.ports.length) problems.push('ports: the same port twice');
  for (const prefix of route.path_allowlist) {
    const normal = normalizePath(prefix);
    if (!normal.ok || normal.query !== null || normal.path !== prefix) {
      problems.push(`path_allowlist: ${JSON.stringify(prefix)} is not a normalised absolute path`);
    }
  }
  return problems;
}

function credentialProblems(route: Route): string[] {
  const problems: string[] = [];
  const { auth } = route;
  if (auth !== null) {
    if (route.scheme === 'http') problems.push('auth: a credential travels only over TLS');
    if (route.authorization === 'agent') problems.push('authorization: agent excludes auth');
    if (auth.scheme === 'header' && auth.header === null)
      problems.push('auth: scheme header needs a header name');
    if (auth.username !== null && auth.scheme !== 'basic')
      problems.push('auth: username is for scheme basic');
    if (auth.username?.includes(':')) problems.push('auth: a user name of scheme basic has no colon');
    if (auth.header !== null && framingHeaders.has(auth.header.toLowerCase())) {
      problems.push(`auth: ${auth.header} can not carry a credential`);
    }
  }
  const upper = route.agent_headers.filter((name) => name !== name.toLowerCase());
  problems.push(...upper.map((name) => `agent_headers: ${name} is not in lower case`));
  return problems;
}

const framingHeaders: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

function ownerProblems(route: Route): string[] {
  if (route.owner === 'grant') return route.auth === null ? [] : ['auth: a grant never carries a credential'];
  const problems: string[] = [];
  if (route.inject) problems.push('inject: only grants have it');
  if (route.expires_at !== null) problems.push('expires_at: only grants expire');
  return problems;
}
