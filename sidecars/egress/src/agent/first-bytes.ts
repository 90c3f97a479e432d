import type { Socket } from 'node:net';

/**
 * Waits for the first bytes of a tunnel and puts them back. Resolves null when none came within `timeoutMs` or the
 * agent left.
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
    const onData = (chunk: Buffer) => settle(chunk);
    const onGone = () => settle(null);
    const timer = setTimeout(onGone, timeoutMs);
    timer.unref();
    socket.on('data', onData).on('end', onGone).on('close', onGone).on('error', onGone);
    socket.resume();
  });
}
