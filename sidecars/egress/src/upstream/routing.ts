import { addressAllowed } from '@bot-bottle/egress';
import type { AllowDecision, Route } from '@bot-bottle/egress';
import { proxyAuthorization } from './dial-proxy.ts';
import type { CorporateProxy } from './dial-proxy.ts';
import type { HostResolver } from './resolve-host.ts';
import { UpstreamError } from './upstream-error.ts';
import type { UpstreamPool } from './upstream-pool.ts';
import type { UpstreamPools, UpstreamTarget } from './upstream-pools.ts';

/** Where to send one request, checked. */
export interface Destination {
  readonly pool: UpstreamPool;
  /** the request goes to the corporate proxy in absolute form */
  readonly absoluteForm: boolean;
  /** value of Proxy-Authorization for such a request */
  readonly proxyAuthorization: string | null;
}

interface Checked {
  readonly host: string;
  readonly port: number;
  readonly scheme: AllowDecision['scheme'];
  readonly addresses: readonly string[];
  readonly destination: Destination;
  /** slot that the destination's pool is for */
  readonly slot: string | null;
}

/** Resolves, checks and picks the pool of a decided request. */
export class Routing {
  readonly #resolver: HostResolver;
  readonly #pools: UpstreamPools;
  readonly #last = new WeakMap<Route, Checked>();
  readonly #proxyOf: (host: string, port: number) => CorporateProxy | null;
  readonly #prepare: () => unknown;

  /** @param prepare does ahead of time what the first connection waits for otherwise */
  constructor(
    resolver: HostResolver,
    pools: UpstreamPools,
    proxyOf: (host: string, port: number) => CorporateProxy | null,
    prepare: () => unknown,
  ) {
    this.#resolver = resolver;
    this.#pools = pools;
    this.#proxyOf = proxyOf;
    this.#prepare = prepare;
  }

  /** Reads the roots of upstreams, which takes as long as hundreds of requests. A failure is told by the first of them. */
  prepare(): void {
    try {
      this.#prepare();
    } catch {
      // it will be tried again
    }
  }

  /** At once when the addresses are known. Rejects or throws `UpstreamError`. */
  find(decision: AllowDecision): Destination | Promise<Destination> {
    const proxy = this.#proxyOf(decision.host, decision.port);
    if (proxy !== null && proxy.refusals === null) return this.#throughProxy(decision, proxy);
    const resolved = this.#resolver.resolve(decision.host);
    const found = (addresses: readonly string[]): Destination =>
      proxy === null ? this.#direct(decision, addresses) : this.#throughGuard(decision, addresses, proxy);
    return resolved instanceof Promise ? resolved.then(found) : found(resolved);
  }

  destroy(): void {
    this.#pools.destroy();
  }

  #direct(decision: AllowDecision, addresses: readonly string[]): Destination {
    const { route, host, port, scheme } = decision;
    const slot = decision.injectAuth?.slot ?? null;
    const last = this.#last.get(route);
    // the very answer that was checked for this row, not merely an equal one
    const isKnown = last?.addresses === addresses && last.host === host && last.port === port;
    if (isKnown && last.scheme === scheme && last.slot === slot && !last.destination.pool.closed)
      return last.destination;
    const allowed = addresses.filter((address) => addressAllowed(address, decision.addressAllowlist));
    if (allowed.length === 0) throw new UpstreamError('address_not_allowed');
    const destination = this.#destination(decision, { addresses: allowed, proxy: null });
    this.#last.set(route, { host, port, scheme, slot, addresses, destination });
    return destination;
  }

  #throughProxy(decision: AllowDecision, proxy: CorporateProxy): Destination {
    // the proxy resolves names; a literal would be dialled by it unchecked
    const isLiteral = decision.host.includes(':') || /^[\d.]+$/.test(decision.host);
    if (isLiteral && !addressAllowed(decision.host, decision.addressAllowlist)) {
      throw new UpstreamError('address_not_allowed');
    }
    return this.#destination(decision, { addresses: [], proxy });
  }

  /**
   * The guard resolves the name again and has one list of networks for all routes: what a single route does not allow is
   * refused here, also when it is but one of the addresses.
   */
  #throughGuard(decision: AllowDecision, addresses: readonly string[], guard: CorporateProxy): Destination {
    const isAllowed = addresses.every((address) => addressAllowed(address, decision.addressAllowlist));
    if (addresses.length === 0 || !isAllowed) throw new UpstreamError('address_not_allowed');
    return this.#destination(decision, { addresses: [], proxy: guard });
  }

  #destination(decision: AllowDecision, way: Pick<UpstreamTarget, 'addresses' | 'proxy'>): Destination {
    const tls = decision.scheme === 'https';
    const { host, port } = decision;
    const pool = this.#pools.get({ host, port, tls, slot: decision.injectAuth?.slot ?? null, ...way });
    const absoluteForm = way.proxy !== null && !tls;
    return {
      pool,
      absoluteForm,
      proxyAuthorization: absoluteForm && way.proxy !== null ? proxyAuthorization(way.proxy) : null,
    };
  }
}
