import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const chunkBytes = 256 * 1024;

/** Whether two files hold the same bytes; false when one cannot be read. Follows no link at the end of a path. */
export async function sameContent(first: string, second: string): Promise<boolean> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    await using a = await open(first, flags);
    await using b = await open(second, flags);
    const [sizeA, sizeB] = [await a.stat(), await b.stat()];
    if (!sizeA.isFile() || !sizeB.isFile() || sizeA.size !== sizeB.size) return false;
    const [left, right] = [Buffer.alloc(chunkBytes), Buffer.alloc(chunkBytes)];
    for (let at = 0; at < sizeA.size; at += chunkBytes) {
      const length = Math.min(chunkBytes, sizeA.size - at);
      const read = await Promise.all([a.read(left, 0, length, at), b.read(right, 0, length, at)]);
      if (read.some(({ bytesRead }) => bytesRead !== length)) return false;
      if (!left.subarray(0, length).equals(right.subarray(0, length))) return false;
    }
    return true;
  } catch {
    return false;
  }
}
