import type { FileHandle } from 'node:fs/promises';
import { ManifestError, type ManifestErrorCode, ManifestErrors } from '../errors.ts';

/** Largest accepted manifest file, in bytes. */
export const MAX_FILE_BYTES = 256 * 1024;

export interface FileName {
  readonly file: string;
  readonly entity: string;
}

export function fileError(
  { file, entity }: FileName,
  code: ManifestErrorCode,
  message: string,
  hint: string | null,
): ManifestErrors {
  return new ManifestErrors([
    new ManifestError({ code, message, hint, file, entity, path: '', line: null, column: null }),
  ]);
}

/**
 * The text of an open file: regular, at most 256 KiB, UTF-8. A byte order mark is kept, so that the text stands for
 * exactly the bytes read.
 * @throws {ManifestErrors} unsafe_file, too_large, not_text
 */
export async function readText(handle: FileHandle, name: FileName): Promise<string> {
  const info = await handle.stat();
  if (!info.isFile()) throw fileError(name, 'unsafe_file', 'this is not a regular file', null);
  // One byte more than allowed tells a file that is too large, whatever its size said.
  const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > MAX_FILE_BYTES)
    throw fileError(name, 'too_large', 'the file is larger than 256 KiB', 'shorten it');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer.subarray(0, length));
  } catch {
    throw fileError(name, 'not_text', 'the file is not UTF-8 text', 'save it as UTF-8');
  }
}
