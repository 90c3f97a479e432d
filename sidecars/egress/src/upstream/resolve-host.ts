import { lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';
import { UpstreamError } from './upstream-error.ts';

/** A name is asked for again after this, so that a moved service is found; each answer is checked on its own. */
const ANSWER_LIFE_MS = 30_000;
const MAX_ANSWERS = 1024;
/** look-ups at the same time, those not waited for any more included; a wildcard route lets the agent choose names */
const MAX_PENDING = 64;

interface Answer {
  readonly addresses: readonly string[];
  readonly until: number;
}

/** Asks for every address of a name, as `dns.lookup` does. */
export type Lookup = (
  host: string,
  options: { readonly all: true },
  answer: (error: Error | null, found: ReadonlyArray<{ readonly address: string }>) => void,
) => void;

/** Finds the addresses of a host: literals, then the operator's overrides, then the system's resolver. */
export class HostResolver {
  readonly #overrides: ReadonlyMap<string, string>;
  readonly #timeoutMs: number;
  readonly #lookup: Lookup;
  readonly #answers = new Map<string, Answer>();
  readonly #pending = new Map<string, Promise<readonly string[]>>();
  #running = 0;

  constructor(overrides: Readonly<Record<string, string>>, timeoutMs: number, lookup: Lookup = systemLookup) {
    this.#overrides = new Map(
      Object.entries(overrides).map(([name, address]) => [name.toLowerCase(), address]),
    );
    this.#timeoutMs = timeoutMs;
    this.#lookup = lookup;
  }

  /** Addresses at once when they are known. Rejects with `UpstreamError`. */
  resolve(host: string): readonly string[] | Promise<readonly string[]> {
    const known = this.#answers.get(host);
    if (known !== undefined && known.until > performance.now()) return known.addresses;
    const bare = host.startsWith('[') ? host.slice(1, -1) : host;
    const fixed = isIP(bare) !== 0 ? bare : this.#overrides.get(host);
    if (fixed !== undefined) return this.#remember(host, [fixed]);
    return this.#pending.get(host) ?? this.#ask(host);
  }

  #ask(host: string): Promise<readonly string[]> {
    if (this.#running >= MAX_PENDING) return Promise.reject(new UpstreamError('limit_exceeded'));
    const asked = new Promise<readonly string[]>((resolve, reject) => {
      const timer = setTimeout(() => reject(new UpstreamError('upstream_timeout')), this.#timeoutMs);
      timer.unref();
      this.#running += 1;
      this.#lookup(host, { all: true }, (error, found) => {
        this.#running -= 1;
        clearTimeout(timer);
        if (error !== null || found.length === 0) reject(new UpstreamError('upstream_unreachable'));
        else resolve(this.#remember(host, [...new Set(found.map((entry) => entry.address))]));
      });
    }).finally(() => this.#pending.delete(host));
    this.#pending.set(host, asked);
    return asked;
  }

  #remember(host: string, addresses: readonly string[]): readonly string[] {
    if (this.#answers.size >= MAX_ANSWERS) {
      const oldest = this.#answers.keys().next().value;
      if (oldest !== undefined) this.#answers.delete(oldest);
    }
    this.#answers.delete(host);
    this.#answers.set(host, { addresses, until: performance.now() + ANSWER_LIFE_MS });
    return addresses;
  }
}
