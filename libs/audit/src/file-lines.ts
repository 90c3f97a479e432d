import { createReadStream } from 'node:fs';
import { MAX_LINE_BYTES } from './audit-line.ts';
import { errnoOf } from './error.ts';

const NEWLINE = 0x0a;

export interface FileLine {
  /** cut to the longest valid length plus one, so that it cannot pass as valid */
  readonly text: string;
  /** offset in bytes of what follows the line */
  readonly end: number;
  /** false for bytes at the end of the file without a newline */
  readonly complete: boolean;
}

/** Reads lines from a byte offset to the present end of a file with bounded memory; a missing file has none. */
export async function* readFileLines(
  path: string,
  options: { readonly start?: number; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<FileLine, void> {
  const start = options.start ?? 0;
  let offset = start;
  let parts: Buffer[] = [];
  let held = 0;
  const hold = (bytes: Buffer): void => {
    const room = MAX_LINE_BYTES + 1 - held;
    if (room <= 0 || bytes.length === 0) return;
    parts.push(bytes.subarray(0, room));
    held += Math.min(room, bytes.length);
  };
  const take = (): string => {
    const text = Buffer.concat(parts).toString('utf8');
    parts = [];
    held = 0;
    return text;
  };
  try {
    for await (const value of createReadStream(path, { start, signal: options.signal })) {
      const chunk: Buffer = Buffer.isBuffer(value) ? value : Buffer.from(String(value));
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        hold(chunk.subarray(from, at));
        from = at + 1;
        yield { text: take(), end: offset + from, complete: true };
      }
      hold(chunk.subarray(from));
      offset += chunk.length;
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  if (held > 0) yield { text: take(), end: offset, complete: false };
}
