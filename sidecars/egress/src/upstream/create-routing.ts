import type { SecureContext } from 'node:tls';
import { proxyFor, secretSlots } from '@bot-bottle/egress';
import type { EgressConfig } from '@bot-bottle/egress';
import type { Sweeper } from '../limits/sweeper.ts';
import type { SecretStore } from '../policy/secret-store.ts';
import type { CorporateProxy } from './dial-proxy.ts';
import { guardOf } from './guard.ts';
import { HostResolver } from './resolve-host.ts';
import { Routing } from './routing.ts';
import { trustStore } from './trust-store.ts';
import { UpstreamPools } from './upstream-pools.ts';

/** Builds the upstream side of a server from its configuration. */
export function createRouting(config: EgressConfig, secrets: SecretStore, sweeper: Sweeper): Routing {
  const { connect_ms: connectMs, idle_ms: idleMs, head_bytes: headBytes, dns_ms: dnsMs } = config.limits;
  const resolver = new HostResolver(config.hosts, dnsMs);
  let store: SecureContext | null = null;
  // reading the system's roots takes a while and is not needed to start
  const system = () => (store ??= trustStore(config.extra_ca));
  const guard = config.guard === null ? null : guardOf(config.guard);
  const context = (host: string, proxy: CorporateProxy | null) =>
    (proxy !== null && proxy === guard?.proxy ? guard.opened(host) : null) ?? system();
  const pools = new UpstreamPools({ connectMs, idleMs, headBytes, context, sweeper });
  const proxy =
    config.upstream_proxy === null ? null : corporateProxy(config.upstream_proxy, secrets, resolver);
  const proxyOf = (host: string, port: number) =>
    proxyFor(host, port, config.upstream_proxy) === null ? null : proxy;
  return new Routing(resolver, pools, guard === null ? proxyOf : () => guard.proxy, system);
}

function corporateProxy(
  settings: NonNullable<EgressConfig['upstream_proxy']>,
  secrets: SecretStore,
  resolver: HostResolver,
): CorporateProxy {
  const url = new URL(settings.url);
  const tls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
    tls,
    get credentials() {
      return settings.has_credentials ? secrets.get(secretSlots.upstreamProxyAuth) : null;
    },
    refusals: null,
    resolve: () => resolver.resolve(host),
  };
}
