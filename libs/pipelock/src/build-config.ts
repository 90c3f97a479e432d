import { canonicalCidr, type Route } from '@bot-bottle/egress';
import type { PipelockConfig } from './config-schema.ts';
import { isPassedThrough } from './match-domain.ts';

/** What of a route of egress matters to pipelock. */
export type GuardedRoute = Pick<
  Route,
  'host' | 'scheme' | 'auth' | 'authorization' | 'owner' | 'address_allowlist'
>;

export interface BuildOptions {
  /** effective routes; hosts of the git gate are no routes and never come here */
  readonly routes: readonly GuardedRoute[];
  /** hosts of routes with `pipelock.tls_passthrough` */
  readonly tlsPassthrough: readonly string[];
  /** hosts besides those of the routes that a human let pass */
  readonly extraHosts?: readonly string[];
  /** whether the bottle has the supervise sidecar */
  readonly supervise: boolean;
  /** paths of pipelock's own CA, as pipelock sees them; null: it opens no TLS */
  readonly ca: { readonly cert: string; readonly key: string } | null;
}

/** The configuration of pipelock for one bottle: nothing passes that is not in the route table, whatever is found is blocked. */
export function buildConfig(options: BuildOptions): PipelockConfig {
  const { routes, ca } = options;
  const addresses = ipAllowlist(routes);
  return {
    version: 1,
    mode: 'strict',
    enforce: true,
    api_allowlist: apiAllowlist(options),
    forward_proxy: { enabled: true },
    dlp: { include_defaults: true, scan_env: true },
    request_body_scanning: { action: 'block', scan_headers: true, header_mode: 'all' },
    // twelve words of the list are common in prose, and egress has a detector of its own
    seed_phrase_detection: { enabled: false },
    ...(ca === null
      ? {}
      : {
          tls_interception: {
            enabled: true,
            ca_cert: ca.cert,
            ca_key: ca.key,
            passthrough_domains: passthroughDomains(options),
          },
        }),
    ...(addresses.length === 0 ? {} : { ssrf: { ip_allowlist: addresses } }),
  };
}

/** Hosts that pipelock lets through, sorted. */
export function apiAllowlist({
  routes,
  extraHosts = [],
  supervise,
}: Pick<BuildOptions, 'routes' | 'extraHosts' | 'supervise'>): string[] {
  return sorted([...routes.map(({ host }) => host), ...extraHosts, ...(supervise ? ['supervise'] : [])]);
}

/**
 * Hosts whose TLS pipelock leaves closed, sorted: where the operator asks for it, where egress adds a credential, and
 * where a provider's own login passes. The scan of headers would flag each of these and then answer 429 to what tries again.
 */
export function passthroughDomains({
  routes,
  tlsPassthrough,
}: Pick<BuildOptions, 'routes' | 'tlsPassthrough'>): string[] {
  const withCredential = routes.filter(
    ({ auth, authorization, owner }) => auth !== null || (authorization === 'agent' && owner === 'provider'),
  );
  return sorted([...tlsPassthrough, ...withCredential.map(({ host }) => host)]);
}

/** Hosts that nobody asked to leave closed, but that a wildcard of the list covers. */
export function passedThroughByWildcard(options: Pick<BuildOptions, 'routes' | 'tlsPassthrough'>): string[] {
  const domains = passthroughDomains(options);
  const hosts = options.routes.filter(({ scheme }) => scheme === 'https').map(({ host }) => host);
  return sorted(hosts.filter((host) => !domains.includes(host) && isPassedThrough(domains, host)));
}

/** Networks of all routes as pipelock takes them: with a prefix, and without bits of a host. */
function ipAllowlist(routes: readonly GuardedRoute[]): string[] {
  return sorted(
    routes.flatMap(({ address_allowlist: ranges }) => ranges.flatMap((range) => canonicalCidr(range) ?? [])),
  );
}

/** By code unit: the same on every host. */
const sorted = (texts: readonly string[]): string[] =>
  [...new Set(texts)].toSorted((a, b) => (a < b ? -1 : 1));
