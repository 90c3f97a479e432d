import type { ServerResponse } from 'node:http';

export interface OutputOptions {
  /** a client that takes nothing for so long while there is something to send is cut, in ms */
  readonly idleMs: number;
  /** sends the head before the first byte; false: nothing is sent any more */
  readonly begin: () => boolean;
}

/**
 * Streams what a program writes to the client, with its back-pressure. When the client is gone the rest is read and
 * dropped: a push that is being forwarded must not block. Gives the number of bytes sent.
 */
export async function sendOutput(
  output: AsyncIterable<Buffer>,
  response: ServerResponse,
  options: OutputOptions,
): Promise<number> {
  let sent = 0;
  for await (const chunk of output) {
    if (response.destroyed) continue;
    if (sent === 0 && !options.begin()) continue;
    sent += chunk.length;
    if (!response.write(chunk)) await drained(response, options.idleMs);
  }
  return sent;
}

function drained(response: ServerResponse, idleMs: number): Promise<void> {
  return new Promise((resolve) => {
    let left = response.writableLength;
    const timer = setInterval(() => {
      if (response.writableLength === left) response.destroy();
      left = response.writableLength;
    }, idleMs);
    const end = (): void => {
      clearInterval(timer);
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
    if (response.destroyed) end();
  });
}
