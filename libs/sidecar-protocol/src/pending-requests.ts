import { ProtocolError } from './error.ts';

interface Pending<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
  readonly stop: () => void;
}

export interface RequestOptions {
  /** how long to wait for the answer, in ms; absent: for ever */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Late answers to requests that were given up are expected; only the newest this many are remembered. */
const REMEMBERED = 1024;

/** Requests that wait for the answer with their id. */
export class PendingRequests<T> {
  readonly #pending = new Map<number, Pending<T>>();
  readonly #abandoned = new Set<number>();
  #next = 1;
  #failure: ProtocolError | null = null;

  /** Sends with a new id and resolves with its answer. Rejects on timeout, abort and `fail`. */
  async request(send: (id: number) => void, options: RequestOptions = {}): Promise<T> {
    if (this.#failure !== null) throw this.#failure;
    options.signal?.throwIfAborted();
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const giveUp = (reason: unknown): void => {
      if (this.#take(id) === null) return;
      this.#abandoned.add(id);
      const oldest = this.#abandoned.values().next().value;
      if (this.#abandoned.size > REMEMBERED && oldest !== undefined) this.#abandoned.delete(oldest);
      reject(reason);
    };
    const onAbort = (): void => giveUp(options.signal?.reason);
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => giveUp(new ProtocolError('timed_out', 'no answer in time')), options.timeoutMs);
    const stop = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    this.#pending.set(id, { resolve, reject, stop });
    try {
      send(id);
    } catch (error) {
      this.#take(id);
      throw error;
    }
    return promise;
  }

  resolve(id: number, value: T): 'answered' | 'late' | 'unknown' {
    const pending = this.#take(id);
    if (pending !== null) pending.resolve(value);
    return pending !== null ? 'answered' : this.#abandoned.delete(id) ? 'late' : 'unknown';
  }

  reject(id: number, reason: unknown): 'answered' | 'late' | 'unknown' {
    const pending = this.#take(id);
    if (pending !== null) pending.reject(reason);
    return pending !== null ? 'answered' : this.#abandoned.delete(id) ? 'late' : 'unknown';
  }

  /** Rejects everything that waits and everything asked from now on. */
  fail(reason: ProtocolError): void {
    this.#failure ??= reason;
    for (const id of this.#pending.keys()) this.#take(id)?.reject(reason);
  }

  #take(id: number): Pending<T> | null {
    const pending = this.#pending.get(id);
    if (pending === undefined) return null;
    this.#pending.delete(id);
    pending.stop();
    return pending;
  }
}
