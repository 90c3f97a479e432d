import type { Readable } from 'node:stream';

/** Longest first line that is believed. */
const maxBytes = 64;

/** Takes the first line off a stream; what follows stays in it. Null when it ends before, or says too much. */
export async function firstLine(stream: Readable): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  let seen: Buffer = Buffer.alloc(0);
  const look = (): void => {
    for (;;) {
      const chunk: unknown = stream.read();
      if (!Buffer.isBuffer(chunk)) return;
      seen = Buffer.concat([seen, chunk]);
      const at = seen.indexOf(0x0a);
      if (at < 0 && seen.length <= maxBytes) continue;
      const rest = at < 0 ? seen : seen.subarray(at + 1);
      stop();
      if (rest.length > 0) stream.unshift(rest);
      return resolve(at < 0 ? null : seen.toString('latin1', 0, at).replace(/\r$/, ''));
    }
  };
  const gone = (): void => {
    stop();
    resolve(null);
  };
  const stop = (): void => {
    stream.off('readable', look).off('end', gone).off('close', gone);
  };
  stream.on('readable', look).once('end', gone).once('close', gone);
  return await promise;
}
