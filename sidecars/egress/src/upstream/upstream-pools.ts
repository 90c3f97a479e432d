import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Sweeper } from '../limits/sweeper.ts';
import { dialAny, verifiedTls } from './dial.ts';
import { dialProxy, dialThroughProxy } from './dial-proxy.ts';
import type { CorporateProxy } from './dial-proxy.ts';
import { UpstreamPool } from './upstream-pool.ts';

/** Where one request goes, after every check. */
export interface UpstreamTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** the checked addresses, in the order to try; empty when a corporate proxy resolves the name */
  readonly addresses: readonly string[];
  readonly proxy: CorporateProxy | null;
  /** slot of the credential that its requests carry: others must not share a connection with them */
  readonly slot: string | null;
}

export interface PoolOptions {
  readonly connectMs: number;
  readonly idleMs: number;
  readonly headBytes: number;
  /** what the certificate of a host is checked against when it is reached through a proxy, null: without one */
  readonly context: (host: string, proxy: CorporateProxy | null) => SecureContext;
  readonly sweeper: Sweeper;
}

const MAX_POOLS = 256;

/** Pooled upstream connections, one pool per host, port, set of checked addresses and credential. */
export class UpstreamPools {
  readonly #pools = new Map<string, UpstreamPool>();
  readonly #options: PoolOptions;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The pool for a target. Its connections only ever go to the target's addresses. */
  get(target: UpstreamTarget): UpstreamPool {
    const key = `${target.tls ? 's' : 'p'}|${target.proxy === null ? target.addresses.join() : 'proxy'}|${target.port}|${target.host}|${target.slot ?? ''}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = this.#create(target);
    this.#pools.set(key, pool);
    if (this.#pools.size > MAX_POOLS) this.#dropOldest();
    return pool;
  }

  /** Cuts everything. */
  destroy(): void {
    for (const pool of this.#pools.values()) pool.destroy();
    this.#pools.clear();
  }

  #dropOldest(): void {
    const oldest = this.#pools.entries().next().value;
    if (oldest === undefined) return;
    this.#pools.delete(oldest[0]);
    oldest[1].close();
  }

  #create(target: UpstreamTarget): UpstreamPool {
    const { connectMs, idleMs, headBytes, sweeper } = this.#options;
    return new UpstreamPool({ idleMs, headBytes, sweeper, open: () => this.#open(target, connectMs) });
  }

  async #open(target: UpstreamTarget, connectMs: number): Promise<Socket> {
    const { proxy } = target;
    if (proxy !== null) {
      const context = this.#options.context(proxy.host, null);
      if (!target.tls) return dialProxy(proxy, context, connectMs);
      const tunnel = await dialThroughProxy(proxy, target, context, connectMs);
      return verifiedTls(tunnel, target.host, this.#options.context(target.host, proxy), connectMs);
    }
    const socket = await dialAny(target.addresses, target.port, connectMs);
    if (!target.tls) return socket;
    return verifiedTls(socket, target.host, this.#options.context(target.host, null), connectMs);
  }
}
