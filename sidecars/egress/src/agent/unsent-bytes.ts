import type { Socket } from 'node:net';

/**
 * Bytes that were written to a socket and that its kernel has not taken. A write of several hundred KiB is one write to
 * the stream, so `writableLength` alone stands still while a slow reader takes it piece by piece; Node's own time limit
 * of sockets looks at the queues below for the same reason (`Socket._onTimeout`), and they have no public name.
 */
export function unsentBytes(socket: Socket): number {
  let bytes = socket.writableLength;
  // TLS over a connection has a queue of each
  for (let layer: unknown = socket; isObject(layer); layer = Reflect.get(layer, '_parent')) {
    const handle: unknown = Reflect.get(layer, '_handle');
    const queued: unknown = isObject(handle) ? Reflect.get(handle, 'writeQueueSize') : null;
    if (typeof queued === 'number') bytes += queued;
  }
  return bytes;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
