import type { AllowDecision } from '@bot-bottle/egress';
import { Members } from '../limits/members.ts';
import type { Member } from '../limits/members.ts';

/** One request in flight, as the server needs to know it. */
export interface LiveExchange extends Member {
  /** the same request under the table in force now */
  redecide(): AllowDecision | null;
  readonly decision: AllowDecision | null;
  /** ends it at once on both sides */
  cut(): void;
  /** the server stops: what would not end by itself ends now */
  goAway(): void;
}

/**
 * The requests in flight. One whose row expired or narrowed is cut; all others finish under the table that they were
 * decided by.
 */
export class Exchanges {
  readonly #live = new Members<LiveExchange>();
  readonly #timer: NodeJS.Timeout;
  #empty: (() => void) | null = null;

  constructor(periodMs: number) {
    this.#timer = setInterval(() => this.review(), periodMs);
    this.#timer.unref();
  }

  get size(): number {
    return this.#live.size;
  }

  add(exchange: LiveExchange): void {
    this.#live.add(exchange);
  }

  delete(exchange: LiveExchange): void {
    this.#live.delete(exchange);
    if (this.#live.size === 0) this.#empty?.();
  }

  /** Cuts whatever the table in force does not allow any more. */
  review(): void {
    this.#live.each((exchange) => {
      const before = exchange.decision;
      if (before === null) return;
      const now = exchange.redecide();
      if (now === null || narrowed(before, now)) exchange.cut();
    });
  }

  /** Resolves when nothing is in flight; after `graceMs` it cuts what is left. */
  async drain(graceMs: number): Promise<void> {
    this.#live.each((exchange) => exchange.goAway());
    if (this.#live.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.#empty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#live.each((exchange) => exchange.cut());
    clearInterval(this.#timer);
  }
}

function narrowed(before: AllowDecision, now: AllowDecision): boolean {
  if (before.injectAuth !== null && before.injectAuth.slot !== now.injectAuth?.slot) return true;
  if (before.agentAuthorization && !now.agentAuthorization) return true;
  const [was, is] = [before.route, now.route];
  return (
    is.dlp.outbound.some((detector) => !was.dlp.outbound.includes(detector)) ||
    (was.dlp.on_match === 'warn' && is.dlp.on_match !== 'warn') ||
    was.env_secrets.some((name) => !is.env_secrets.includes(name)) ||
    was.agent_headers.some((name) => !is.agent_headers.includes(name)) ||
    was.address_allowlist.some((range) => !is.address_allowlist.includes(range))
  );
}
