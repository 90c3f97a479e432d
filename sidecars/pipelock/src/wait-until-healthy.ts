import { setTimeout as pause } from 'node:timers/promises';
import { readHealth } from '@bot-bottle/pipelock';
import { ownsListener } from './owns-listener.ts';

const POLL_MS = 50;
const ASK_MS = 2000;
const MAX_BODY = 64 * 1024;

/**
 * Resolves with true when the process `pid` listens at an address and says there that it guards as it was told, with
 * false when it does not within `limitMs` or `signal` aborts.
 */
export async function waitUntilHealthy(
  pid: number,
  listen: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const until = performance.now() + limitMs;
  const port = Number(listen.split(':')[1]);
  while (!signal.aborted && performance.now() < until) {
    if (ownsListener(pid, port) !== false && (await isHealthy(listen))) return !signal.aborted;
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

async function isHealthy(listen: string): Promise<boolean> {
  try {
    const answer = await fetch(`http://${listen}/health`, {
      redirect: 'error',
      signal: AbortSignal.timeout(ASK_MS),
    });
    return answer.status === 200 && readHealth(await shortText(answer)) !== null;
  } catch {
    return false;
  }
}

/** The body as far as it is read: what goes on for longer is not read to its end, and so is no answer. */
async function shortText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    // leaving the loop cancels the rest
    if (length > MAX_BODY) return '';
  }
  return Buffer.concat(chunks).toString('utf8');
}
