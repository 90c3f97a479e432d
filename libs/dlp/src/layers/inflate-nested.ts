import { constants, inflateRawSync, zstdDecompressSync } from 'node:zlib';

/** Most bytes that one compressed text inside another may give; what is longer is looked into up to about here. */
const NESTED_OUTPUT = 4 * 1024 * 1024;
const MAX_FRAMES = 16;

/**
 * Decompresses what looks compressed by its first bytes without being declared so, also when its end is missing or
 * something follows it. Returns null for what is not compressed. Brotli has no magic number and is not recognised.
 */
export function inflateNested(bytes: Uint8Array): Uint8Array | null {
  if (isGzip(bytes)) return inflateRaw(bytes.subarray(gzipHeaderLength(bytes)));
  if (isZstd(bytes)) return zstdFrames(bytes);
  return isZlib(bytes) ? inflateRaw(bytes.subarray(2)) : null;
}

/** Whether the bytes at `at` are the first ones of gzip, zlib or zstd. */
export function looksCompressed(bytes: Uint8Array, at = 0): boolean {
  const a = bytes[at] ?? 0;
  const b = bytes[at + 1] ?? 0;
  if (a === 0x1f && b === 0x8b) return bytes[at + 2] === 8;
  return isZlibHeader(a, b) || ((a === 0x28 || (a & 0xf0) === 0x50) && isZstd(bytes.subarray(at, at + 4)));
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

function isZlib(bytes: Uint8Array): boolean {
  return isZlibHeader(bytes[0] ?? 0, bytes[1] ?? 0);
}

/** RFC 1950, section 2.2. */
function isZlibHeader(a: number, b: number): boolean {
  return (a & 0x0f) === 8 && a >> 4 <= 7 && ((a << 8) | b) % 31 === 0;
}

function inflateRaw(bytes: Uint8Array): Uint8Array | null {
  // a prefix decompresses to a prefix: where the whole gives too much, less of it is tried
  for (let length = bytes.length; length >= 16; length >>= 1) {
    try {
      const output = inflateRawSync(bytes.subarray(0, length), {
        maxOutputLength: NESTED_OUTPUT,
        finishFlush: constants.Z_SYNC_FLUSH,
      });
      return output.length === 0 ? null : output;
    } catch (error) {
      if (!(error instanceof RangeError)) return null;
    }
  }
  return null;
}

/** RFC 1952, section 2.3. */
function gzipHeaderLength(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + ((bytes[at + 1] ?? 0) << 8);
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    at = end < 0 ? bytes.length : end + 1;
  }
  return (flags & 2) === 0 ? at : at + 2;
}

function isZstd(bytes: Uint8Array): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  if (a === 0x28 && b === 0xb5) return c === 0x2f && d === 0xfd;
  // a skippable frame, RFC 8878 section 3.1.2
  return (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18;
}

function zstdFrames(bytes: Uint8Array): Uint8Array | null {
  const outputs: Uint8Array[] = [];
  let rest = bytes;
  for (let frame = 0; frame < MAX_FRAMES && isZstd(rest); frame++) {
    try {
      const read = zstdWithLength(rest);
      outputs.push(read.output);
      rest = rest.subarray(Math.max(1, read.length));
    } catch {
      break;
    }
  }
  return outputs.length === 0 ? null : Buffer.concat(outputs);
}

function zstdWithLength(bytes: Uint8Array): { output: Uint8Array; length: number } {
  // with `info` the result is another one than the types say
  const result: unknown = zstdDecompressSync(bytes, { maxOutputLength: NESTED_OUTPUT, info: true });
  const isInfo = typeof result === 'object' && result !== null && 'buffer' in result && 'engine' in result;
  if (!isInfo || !(result.buffer instanceof Uint8Array)) throw new TypeError('unexpected result');
  const { engine } = result;
  const length =
    typeof engine === 'object' && engine !== null && 'bytesWritten' in engine ? engine.bytesWritten : 0;
  return { output: result.buffer, length: typeof length === 'number' ? length : 0 };
}
