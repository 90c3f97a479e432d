import type { IncomingMessage } from 'node:http';

/** The body, or why there is none. */
export type BodyResult = { readonly body: Buffer } | { readonly problem: 'too_large' | 'broken' };

/** Reads a body of at most `limit` bytes, whatever its framing says; keeps no more than that. */
export async function readBody(request: IncomingMessage, limit: number): Promise<BodyResult> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return { problem: 'too_large' };
  const { promise, resolve } = Promise.withResolvers<BodyResult>();
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
    else {
      chunks.length = 0;
      resolve({ problem: 'too_large' });
    }
  });
  request.once('end', () => resolve({ body: Buffer.concat(chunks) }));
  request.once('error', () => resolve({ problem: 'broken' }));
  request.once('close', () => resolve({ problem: 'broken' }));
  return await promise;
}
