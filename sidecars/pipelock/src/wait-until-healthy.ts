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
    const body = await answer.text();
    return answer.status === 200 && body.length <= MAX_BODY && readHealth(body) !== null;
  } catch {
    return false;
  }
}
