import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import type { TarEntry } from './tar-entry.ts';
import { blockSize, encodeTarHeader, padding } from './tar-header.ts';

/** Files up to this size are read whole, so that one that changes meanwhile is still copied in one piece. */
const wholeFileBytes = 4 * 1024 * 1024;
const chunkBytes = 256 * 1024;

/**
 * Streams entries as a tar archive and ends the stream. Memory stays bounded whatever the reader's pace.
 *
 * @returns paths that vanished or changed their kind before they could be read, and so are missing
 */
export async function writeTar(
  entries: Iterable<TarEntry> | AsyncIterable<TarEntry>,
  out: Writable,
): Promise<string[]> {
  const missing: string[] = [];
  const write = writerTo(out);
  for await (const entry of entries) {
    if (!(await writeEntry(write, entry))) missing.push(entry.path);
  }
  await write(Buffer.alloc(2 * blockSize));
  out.end();
  return missing;
}

/** The reader closed the stream early; why is known to the reader only. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

type Write = (bytes: Uint8Array) => Promise<void>;

function writerTo(out: Writable): Write {
  // A reader that goes away must not leave the writer waiting for room.
  const gone = finished(out, { readable: false }).catch(() => undefined);
  const drained: { wake: (() => void) | null } = { wake: null };
  out.on('drain', () => drained.wake?.());
  return async (bytes) => {
    if (out.destroyed || out.writableEnded) throw new ReaderGone();
    if (bytes.length === 0 || out.write(bytes)) return;
    await Promise.race([gone, new Promise<void>((resolve) => (drained.wake = resolve))]);
  };
}

async function writeEntry(write: Write, entry: TarEntry): Promise<boolean> {
  const header = { path: entry.path, size: 0, mtime: Date.now() / 1000, linkTarget: '' };
  switch (entry.kind) {
    case 'dir':
      await write(encodeTarHeader({ ...header, type: 'dir', path: `${entry.path}/`, mode: entry.mode }));
      return true;
    case 'link':
      await write(encodeTarHeader({ ...header, type: 'link', mode: 0o777, linkTarget: entry.target }));
      return true;
    case 'text': {
      const content = Buffer.from(entry.content);
      const head = encodeTarHeader({ ...header, type: 'file', mode: entry.mode, size: content.length });
      await write(Buffer.concat([head, content, padding(content.length)]));
      return true;
    }
    case 'host-file':
      return await writeHostFile(write, entry);
    default: {
      const never: never = entry;
      throw new TypeError(`unknown entry ${String(never)}`);
    }
  }
}

async function writeHostFile(write: Write, entry: TarEntry & { kind: 'host-file' }): Promise<boolean> {
  let file: FileHandle;
  try {
    // Never through a link, and never waiting for a pipe that took the file's place.
    file = await open(entry.hostPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const found = await file.stat();
    if (!found.isFile()) return false;
    const whole = found.size <= wholeFileBytes ? await file.readFile() : null;
    if (whole !== null && entry.accept !== undefined && !entry.accept(whole)) return true;
    const size = whole?.length ?? found.size;
    const header = {
      path: entry.path,
      type: 'file' as const,
      mode: entry.mode,
      size,
      mtime: found.mtimeMs / 1000,
      linkTarget: '',
    };
    await write(encodeTarHeader(header));
    if (whole === null) await writeLarge(write, file, size);
    else await write(whole);
    await write(padding(size));
    return true;
  } finally {
    await file.close();
  }
}

async function writeLarge(write: Write, file: FileHandle, size: number): Promise<void> {
  for (let left = size; left > 0;) {
    const length = Math.min(left, chunkBytes);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length);
    // A file that shrank is filled up with zeros: its size is already in the header.
    const chunk = bytesRead === 0 ? buffer : buffer.subarray(0, bytesRead);
    left -= chunk.length;
    await write(chunk);
  }
}
