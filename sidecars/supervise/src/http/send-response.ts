import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Sends what MCP answers. A client that does not read loses its connection after `idleMs` without progress. */
export async function sendResponse(
  response: ServerResponse,
  answer: Response,
  idleMs: number,
): Promise<void> {
  if (response.destroyed) {
    await answer.body?.cancel();
    return;
  }
  for (const [name, value] of answer.headers) if (name !== 'connection') response.setHeader(name, value);
  if (!answer.headers.has('cache-control')) response.setHeader('Cache-Control', 'no-store');
  response.writeHead(answer.status);
  response.flushHeaders();
  const { body } = answer;
  if (body !== null) await sendBody(response, body.getReader(), idleMs);
  const stalled = setTimeout(() => response.destroy(), idleMs);
  response.once('close', () => clearTimeout(stalled));
  response.end();
}

async function sendBody(
  response: ServerResponse,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  idleMs: number,
): Promise<void> {
  const gone = (): void => void reader.cancel().catch(() => undefined);
  response.once('close', gone);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || response.destroyed) return;
      if (!response.write(value)) await once(response, 'drain', { signal: AbortSignal.timeout(idleMs) });
    }
  } catch {
    response.destroy();
  } finally {
    response.off('close', gone);
    gone();
  }
}
