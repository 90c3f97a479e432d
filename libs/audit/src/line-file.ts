import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** Opens a file of lines for its one writer: created 0600, a symbolic link is refused. */
export function openLineFile(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
}

/**
 * Writes all bytes at `position`, or cuts the file back to `position` and rethrows: a full disk must not leave half
 * a line. When even the cut fails, the file's end is torn, and the next open sets it aside.
 */
export async function writeWhole(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  try {
    while (written < bytes.length) {
      const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
      written += bytesWritten;
    }
  } catch (error) {
    await handle.truncate(position);
    throw error;
  }
}
