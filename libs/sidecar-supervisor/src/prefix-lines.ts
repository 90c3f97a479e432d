import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Longest line, in UTF-16 units; a longer one is passed on in pieces. */
const MAX_LINE = 8 * 1024;

/**
 * Passes each line of a stream to `output` with the prefix, also the last one without a newline. Memory is bounded
 * whatever the child writes. Resolves when the stream is over, however it ended.
 */
export async function prefixLines(
  stream: Readable,
  prefix: string,
  output: (line: string) => void | Promise<void>,
): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let held = '';
  const emit = async (line: string): Promise<void> => {
    try {
      await output(prefix + line);
    } catch {
      // Losing a line of log is better than closing the pipe that the child writes to.
    }
  };
  const passOn = async (text: string): Promise<void> => {
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      await emit(text.slice(start, end));
      start = end + 1;
    }
    for (; text.length - start > MAX_LINE; start += MAX_LINE) {
      await emit(text.slice(start, start + MAX_LINE));
    }
    held = text.slice(start);
  };
  try {
    for await (const chunk of stream) {
      await passOn(held + (Buffer.isBuffer(chunk) ? decoder.write(chunk) : String(chunk)));
    }
  } catch {
    // A child that died may reset its pipe; what it wrote until then was passed on.
  }
  held += decoder.end();
  if (held !== '') await emit(held);
}
