import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { MAX_LINE_BYTES, sha256 } from './audit-line.ts';

const NEWLINE = 0x0a;

/** The end of a file of lines. */
export interface FileEnd {
  /** last complete line without newline, null when there is none */
  readonly lastLine: string | null;
  /** bytes up to and including the last newline */
  readonly completeBytes: number;
  /** bytes after the last newline: a write that was cut short */
  readonly torn: Buffer;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Reads the last line without reading the rest. Lines longer than the format allows count as torn. */
export async function readFileEnd(handle: FileHandle): Promise<FileEnd> {
  const { size } = await handle.stat();
  const window = Math.min(size, 2 * (MAX_LINE_BYTES + 1));
  const bytes = await readAt(handle, size - window, window);
  const last = bytes.lastIndexOf(NEWLINE);
  if (last === -1) return { lastLine: null, completeBytes: size - bytes.length, torn: bytes };
  const before = last === 0 ? -1 : bytes.lastIndexOf(NEWLINE, last - 1);
  return {
    lastLine: bytes.subarray(before + 1, last).toString('utf8'),
    completeBytes: size - bytes.length + last + 1,
    torn: Buffer.from(bytes.subarray(last + 1)),
  };
}

/**
 * Moves the bytes after the last newline to a file of their own, so that the next line starts on a fresh line and
 * nothing is lost. Returns the name of that file.
 */
export async function setTornAside(handle: FileHandle, path: string, end: FileEnd): Promise<string> {
  const aside = `${path}.torn-${sha256(end.torn).slice(0, 16)}`;
  const copy = await open(aside, 'w', 0o600);
  try {
    await copy.writeFile(end.torn);
    await copy.sync();
  } finally {
    await copy.close();
  }
  await handle.truncate(end.completeBytes);
  return aside;
}
