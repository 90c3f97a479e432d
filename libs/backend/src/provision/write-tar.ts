import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { pack, type Headers, type Pack } from 'tar-stream';
import type { TarEntry } from './tar-entry.ts';

/** Files up to this size are read whole, so that one that changes meanwhile is still copied in one piece. */
const wholeFileBytes = 4 * 1024 * 1024;

type Entries = Iterable<TarEntry> | AsyncIterable<TarEntry>;

const owner = { uid: 1000, gid: 1000, uname: 'node', gname: 'node' };

/**
 * Streams entries as a tar archive and ends the stream.
 *
 * @returns paths that vanished or changed their kind before they could be read, and so are missing
 */
export async function writeTar(entries: Entries, out: Writable): Promise<string[]> {
  const archive = pack();
  const missing: string[] = [];
  archive.pipe(out);
  // A reader that goes away must not leave the writer waiting for room.
  const gone = finished(out, { readable: false }).catch(() => undefined);
  const writing = (async () => {
    for await (const entry of entries) if (!(await writeEntry(archive, entry))) missing.push(entry.path);
    archive.finalize();
  })();
  try {
    // A writer that fails ends the archive early, so its error comes first.
    await Promise.race([writing, gone]);
    await gone;
  } finally {
    archive.destroy();
    writing.catch(() => undefined);
  }
  return missing;
}

async function writeEntry(archive: Pack, entry: TarEntry): Promise<boolean> {
  const common = { ...owner, name: entry.path };
  switch (entry.kind) {
    case 'dir':
      await put(archive, { ...common, type: 'directory', mode: entry.mode });
      return true;
    case 'text':
      await put(archive, { ...common, type: 'file', mode: entry.mode }, Buffer.from(entry.content));
      return true;
    case 'link':
      await put(archive, { ...common, type: 'symlink', linkname: entry.target, mode: 0o777 });
      return true;
    case 'host-file':
      return await putHostFile(
        archive,
        { ...common, type: 'file', mode: entry.mode & 0o777 },
        entry.hostPath,
      );
    default: {
      const never: never = entry;
      throw new TypeError(`unknown entry ${String(never)}`);
    }
  }
}

async function put(archive: Pack, header: Headers, content?: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const done = (error?: Error | null): void => (error ? reject(error) : resolve());
  if (content === undefined) archive.entry(header, done);
  else archive.entry(header, content, done);
  await promise;
}

async function putHostFile(archive: Pack, header: Headers, hostPath: string): Promise<boolean> {
  let file: FileHandle;
  try {
    // Never through a link, and never waiting for a pipe that took the file's place.
    file = await open(hostPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const { size, mtime, ...found } = await file.stat();
    if (!found.isFile()) return false;
    if (size <= wholeFileBytes) await put(archive, { ...header, mtime }, await file.readFile());
    else await putLarge(archive, { ...header, mtime, size }, file);
    return true;
  } finally {
    await file.close();
  }
}

async function putLarge(archive: Pack, header: Headers & { size: number }, file: FileHandle): Promise<void> {
  const { promise: written, resolve, reject } = Promise.withResolvers<void>();
  written.catch(() => undefined);
  const entry = archive.entry(header, (error?: Error | null): void => (error ? reject(error) : resolve()));
  const buffer = Buffer.alloc(256 * 1024);
  for (let left = header.size; left > 0;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(left, buffer.length));
    // A file that shrank is filled up with zeros: its size is already in the header.
    const chunk = Buffer.from(
      bytesRead === 0 ? Buffer.alloc(Math.min(left, buffer.length)) : buffer.subarray(0, bytesRead),
    );
    left -= chunk.length;
    if (!entry.write(chunk))
      await Promise.race([new Promise((drained) => entry.once('drain', drained)), written]);
  }
  entry.end();
  await written;
}
