import { crc32 } from 'node:zlib';

const BLOCK = Buffer.alloc(64 * 1024);
for (let i = 0; i < BLOCK.length; i += 1) BLOCK[i] = (i * 31 + (i >> 8)) & 0xff;

/** The bytes that downloads consist of, in blocks. */
export function* pattern(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= BLOCK.length)
    yield BLOCK.subarray(0, Math.min(left, BLOCK.length));
}

const known = new Map<number, number>();

/** CRC-32 of so many bytes of the pattern. */
export function patternCrc(bytes: number): number {
  let crc = known.get(bytes);
  if (crc === undefined) {
    crc = 0;
    for (const block of pattern(bytes)) crc = crc32(block, crc);
    known.set(bytes, crc);
  }
  return crc;
}

const TEXT = Buffer.alloc(256 * 1024, 'const answer = compute(question); // clean source text\n');

/** Text without a secret, in blocks; what uploads consist of. */
export function* cleanText(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= TEXT.length) yield TEXT.subarray(0, Math.min(left, TEXT.length));
}
