import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { ProtocolError } from './error.ts';

const NEWLINE = 0x0a;

function decode(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ProtocolError('invalid_message', 'a line is not UTF-8');
  }
}

/**
 * Splits a byte stream into lines and yields the complete lines of one chunk together, so that a reader can answer
 * them together. Memory is bounded by `maxLineBytes` plus one chunk; reading stops while the consumer works. Empty
 * lines are skipped and an unfinished last line is dropped: its writer died. Throws `ProtocolError`
 * (`line_too_long`, `invalid_message` for bytes that are not UTF-8).
 */
export async function* readLines(input: Readable, maxLineBytes: number): AsyncGenerator<string[], void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let parts: Buffer[] = [];
  let held = 0;
  for await (const value of input) {
    const chunk: Buffer = Buffer.isBuffer(value) ? value : Buffer.from(String(value));
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const tail = chunk.subarray(start, end);
      if (held + tail.length > maxLineBytes) throw new ProtocolError('line_too_long', 'a line is too long');
      const line = held === 0 ? tail : Buffer.concat([...parts, tail]);
      parts = [];
      held = 0;
      start = end + 1;
      if (line.length > 0) lines.push(decode(decoder, line));
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > maxLineBytes) throw new ProtocolError('line_too_long', 'a line is too long');
    }
    if (lines.length > 0) yield lines;
  }
}
