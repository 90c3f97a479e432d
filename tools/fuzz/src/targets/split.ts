import { createHash } from 'node:crypto';

/** The same bytes in pieces whose lengths follow from the bytes themselves, so that a run can be repeated. */
export function inPieces(bytes: Buffer, longest = 17): Buffer[] {
  const cuts = createHash('sha512').update(bytes).digest();
  const pieces: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i += 1) {
    // the first pieces are short, the rest grows, so that long inputs stay cheap
    const length = 1 + ((cuts[i % cuts.length] ?? 0) % longest) * (1 + Math.floor(i / cuts.length));
    // a copy: readers may change what they are given
    pieces.push(Buffer.from(bytes.subarray(at, at + length)));
    at += length;
  }
  return pieces;
}
