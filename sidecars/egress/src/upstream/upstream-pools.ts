import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Pool } from 'undici';
import UndiciPool from 'undici/lib/dispatcher/pool.js';
import { dialAny, verifiedTls } from './dial.ts';
import { dialProxy, dialThroughProxy } from './dial-proxy.ts';
import type { CorporateProxy } from './dial-proxy.ts';
import { UpstreamError } from './upstream-error.ts';

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
  readonly context: () => SecureContext;
}

const MAX_POOLS = 256;
/** Idle upstream connections are kept this long; common servers close theirs after 60 s or more. */
const KEEP_ALIVE_MS = 15_000;

/** Pooled upstream connections, one pool per host, port, set of checked addresses and credential. */
export class UpstreamPools {
  readonly #pools = new Map<string, Pool>();
  readonly #options: PoolOptions;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The pool for a target. Its connections only ever go to the target's addresses. */
  get(target: UpstreamTarget): Pool {
    const key = `${target.tls ? 's' : 'p'}|${target.proxy === null ? target.addresses.join() : 'proxy'}|${target.port}|${target.host}|${target.slot ?? ''}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = this.#create(target);
    this.#pools.set(key, pool);
    if (this.#pools.size > MAX_POOLS) this.#dropOldest();
    return pool;
  }

  /** Cuts everything. */
  async destroy(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  #dropOldest(): void {
    const oldest = this.#pools.entries().next().value;
    if (oldest === undefined) return;
    this.#pools.delete(oldest[0]);
    void oldest[1].close();
  }

  #create(target: UpstreamTarget): Pool {
    const { connectMs, idleMs, headBytes } = this.#options;
    // The origin is only a label: every address is dialled by `connect`, and TLS is put on there too, so that
    // undici neither resolves a name nor decides what is verified.
    return new UndiciPool('http://upstream.invalid', {
      connect: (_options, give) => {
        this.#open(target, connectMs).then(
          (socket) => give(null, socket),
          (error: unknown) =>
            give(error instanceof Error ? error : new UpstreamError('upstream_unreachable'), null),
        );
      },
      pipelining: 1,
      maxHeaderSize: headBytes,
      headersTimeout: idleMs,
      bodyTimeout: idleMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: 60_000,
      strictContentLength: true,
      allowH2: false,
    });
  }

  async #open(target: UpstreamTarget, connectMs: number): Promise<Socket> {
    const { proxy } = target;
    if (proxy !== null) {
      const context = this.#options.context();
      if (!target.tls) return dialProxy(proxy, context, connectMs);
      const tunnel = await dialThroughProxy(proxy, target, context, connectMs);
      return verifiedTls(tunnel, target.host, context, connectMs);
    }
    const socket = await dialAny(target.addresses, target.port, connectMs);
    return target.tls ? verifiedTls(socket, target.host, this.#options.context(), connectMs) : socket;
  }
}
