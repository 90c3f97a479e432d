import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { BodyRules } from './check-body.ts';

/** Most that one byte may expand to, beyond the first MiB; requests of git expand about threefold. */
const MAX_RATIO = 200;
const FREE_BYTES = 1024 * 1024;

/** How a body ended; `unread`: whoever it was for stopped reading. */
export type BodyEnd = 'complete' | 'too-large' | 'malformed' | 'idle' | 'gone' | 'unread';

/** Bytes so far, decoded. */
export interface BodyCount {
  bytes: number;
}

/**
 * Streams a body to a program, decoded, with its back-pressure. A client that sends nothing for `idleMs` while it is
 * waited for is given up; not one that waits for us. Never rejects, and leaves the connection open for an answer.
 */
export async function feedBody(
  request: IncomingMessage,
  stdin: Writable,
  rules: BodyRules & { readonly idleMs: number },
  count: BodyCount,
): Promise<BodyEnd> {
  let fault: BodyEnd | null = null;
  let received = 0;
  const waiting = new ClientWait(rules.idleMs);
  // a client that was answered early may neither go on sending nor end its request
  stdin.once('close', () => waiting.stop());
  const stop = (end: BodyEnd): never => {
    fault ??= end;
    throw new Error(end);
  };
  const source = async function* read(): AsyncGenerator<Buffer> {
    const chunks = request.iterator({ destroyOnReturn: false });
    for (;;) {
      const next = await waiting.for(chunks.next()).catch(() => stop('gone'));
      if (next === 'idle' || next === 'unread') return stop(next);
      if (next.done === true) break;
      const chunk = next.value as Buffer;
      received += chunk.length;
      yield chunk;
    }
    if (!request.complete) stop('gone');
  };
  const bounded = async function* bound(decoded: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of decoded) {
      count.bytes += chunk.length;
      const isBomb = count.bytes > FREE_BYTES && count.bytes > received * MAX_RATIO;
      if (count.bytes > rules.maxBytes || isBomb) stop('too-large');
      yield chunk;
    }
  };
  try {
    if (rules.gzip) await pipeline(source, createGunzip(), bounded, stdin);
    else await pipeline(source, bounded, stdin);
    return 'complete';
  } catch (error) {
    if (fault !== null) return fault;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return code.startsWith('Z_') ? 'malformed' : 'unread';
  }
}

/** Waits for what a client sends, but not for ever. */
class ClientWait {
  readonly #idleMs: number;
  #isStopped = false;
  #give: (why: 'idle' | 'unread') => void = () => undefined;

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** Whoever it was for reads no more. */
  stop(): void {
    this.#isStopped = true;
    this.#give('unread');
  }

  for<T>(next: Promise<T>): Promise<T | 'idle' | 'unread'> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#give('idle'), this.#idleMs);
      this.#give = (why) => {
        clearTimeout(timer);
        resolve(why);
      };
      next.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error instanceof Error ? error : new Error('failed'));
        },
      );
      if (this.#isStopped) this.#give('unread');
    });
  }
}
