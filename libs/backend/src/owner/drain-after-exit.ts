import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

/**
 * Waits until the outputs of an ended process ended too. Something that it left behind may hold them open for ever, so
 * waiting stops when nothing has arrived for `quietMs` and no reader holds the data back.
 *
 * @param quietMs milliseconds
 */
export async function drainAfterExit(
  streams: readonly Readable[],
  isBlocked: () => boolean,
  quietMs = 300,
): Promise<void> {
  const open = streams.filter((stream) => !stream.readableEnded && !stream.destroyed);
  if (open.length === 0) return;
  let last = performance.now();
  const onData = (): void => {
    last = performance.now();
  };
  for (const stream of open) stream.on('data', onData);
  const quiet = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    if (isBlocked()) last = performance.now();
    else if (performance.now() - last > quietMs) quiet.resolve();
  }, 50);
  const ended = Promise.allSettled(open.map((stream) => finished(stream, { writable: false })));
  try {
    await Promise.race([ended, quiet.promise]);
  } finally {
    clearInterval(timer);
    for (const stream of open) stream.off('data', onData);
  }
}
