import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { BodySource } from './body-source.ts';
import type { BodyRules } from './check-body.ts';

/** Most that one byte may expand to, beyond the first MiB; requests of git expand about threefold. */
const MAX_RATIO = 200;
const FREE_BYTES = 1024 * 1024;

/** How a body ended; `unread`: whoever it was for stopped reading. */
export type BodyEnd = 'complete' | 'too-large' | 'malformed' | 'idle' | 'gone' | 'unread';

/** What is known of a body while it is read. */
export interface BodyCount {
  /** so far, decoded */
  bytes: number;
  /** why it is not read to its end */
  fault?: BodyEnd;
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
  let received = 0;
  const source = new BodySource(request, rules.idleMs);
  // a client that was answered early may neither go on sending nor end its request
  stdin.once('close', () => source.stop());
  const stop = (end: BodyEnd): never => {
    count.fault ??= end;
    throw new Error(end);
  };
  const chunks = async function* read(): AsyncGenerator<Buffer> {
    for (;;) {
      const next = await source.next();
      if (next === 'end') return;
      if (typeof next === 'string') return stop(next);
      received += next.length;
      yield next;
    }
  };
  const bounded = async function* bound(decoded: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of decoded) {
      count.bytes += chunk.length;
      const isBomb = count.bytes > FREE_BYTES && count.bytes > received * MAX_RATIO;
      if (count.bytes > rules.maxBytes || isBomb || rules.isOverTotal?.() === true) stop('too-large');
      if (rules.accept?.(chunk) === false) stop('malformed');
      yield chunk;
    }
  };
  try {
    if (rules.gzip) await pipeline(chunks, createGunzip(), bounded, stdin);
    else await pipeline(chunks, bounded, stdin);
    return 'complete';
  } catch (error) {
    if (count.fault !== undefined) return count.fault;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return code.startsWith('Z_') ? 'malformed' : 'unread';
  }
}
