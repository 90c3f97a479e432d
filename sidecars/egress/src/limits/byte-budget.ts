/** Bytes that a bottle may send, per request and over its life; null: no limit. */
export interface ByteLimits {
  readonly request_bytes: number | null;
  readonly total_bytes: number | null;
}

/** Counts what leaves the bottle against its limits. */
export class ByteBudget {
  readonly #limits: ByteLimits;
  #sent = 0;

  constructor(limits: ByteLimits) {
    this.#limits = limits;
  }

  /** bytes counted so far */
  get sent(): number {
    return this.#sent;
  }

  /** Whether a request of `bytes` known so far would pass. */
  allows(bytes: number): boolean {
    const { request_bytes: perRequest, total_bytes: total } = this.#limits;
    if (perRequest !== null && bytes > perRequest) return false;
    return total === null || this.#sent + bytes <= total;
  }

  /** Counts `bytes` more of a request that has sent `before` already; false: they may not leave. */
  spend(bytes: number, before: number): boolean {
    const { request_bytes: perRequest, total_bytes: total } = this.#limits;
    if (perRequest !== null && before + bytes > perRequest) return false;
    if (total !== null && this.#sent + bytes > total) return false;
    this.#sent += bytes;
    return true;
  }
}
