import { readBatch } from './batch-reader.ts';
import { gitEnv, type GitAccess, type Piece, type ScannedObject } from './scanned-object.ts';

/** So many characters of UTF-16 in a row, shorter than half of any credential: a piece may end in the middle of one. */
const RUN = 8;

/** Whether some of the bytes are UTF-16 text of Latin letters, which no rule for credentials would recognise. */
export function looksWide(bytes: Buffer): boolean {
  for (let zero = bytes.indexOf(0); zero >= 0;) {
    let at = zero;
    for (let run = 1; bytes[at + 2] === 0 && bytes[at + 1] !== 0; run += 1) {
      if (run >= RUN) return true;
      at += 2;
    }
    zero = bytes.indexOf(0, at + 1);
  }
  return false;
}

/** Blobs without their zero bytes: both byte orders of UTF-16 become readable. */
export async function* narrowed(
  access: GitAccess,
  blobs: ReadonlyMap<string, ScannedObject>,
): AsyncGenerator<Piece> {
  for await (const { object, bytes, isLast } of blobPieces(access, blobs))
    yield { object, bytes: bytes.filter((byte) => byte !== 0) as Buffer, isLast };
}

/** The same blobs once more. */
export async function* blobPieces(
  access: GitAccess,
  blobs: ReadonlyMap<string, ScannedObject>,
): AsyncGenerator<Piece> {
  if (blobs.size === 0) return;
  const output = access.git.stream({
    args: ['cat-file', '--batch', '--buffer'],
    view: access.view,
    input: [...blobs.keys()].map((oid) => `${oid}\n`).join(''),
    env: gitEnv,
    timeoutMs: access.timeoutMs,
    signal: access.signal,
  });
  for await (const { oid, bytes, isLast } of readBatch(output)) {
    const object = blobs.get(oid);
    if (object !== undefined) yield { object, bytes, isLast };
  }
}
