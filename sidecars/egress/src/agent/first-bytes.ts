import type { Socket } from 'node:net';
import { sniffTunnel } from '@bot-bottle/egress';

/**
 * Waits for as many first bytes of a tunnel as tell what it carries, and puts them back. Resolves null when they did
 * not come within `timeoutMs` or the agent left.
 */
export function firstBytes(socket: Socket, timeoutMs: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const settle = (value: Buffer | null) => {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onGone).off('close', onGone).off('error', onGone);
      socket.pause();
      if (value !== null) socket.unshift(value);
      resolve(value);
    };
    let seen: Buffer | null = null;
    const onData = (chunk: Buffer) => {
      seen = seen === null ? chunk : Buffer.concat([seen, chunk]);
      if (sniffTunnel(seen) !== 'more') settle(seen);
    };
    const onGone = () => settle(null);
    const timer = setTimeout(onGone, timeoutMs);
    timer.unref();
    socket.on('data', onData).on('end', onGone).on('close', onGone).on('error', onGone);
    socket.resume();
  });
}
