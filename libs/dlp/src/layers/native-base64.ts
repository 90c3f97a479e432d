/** Most characters that are given to the platform at once, a multiple of four: strings of them die young. */
const CHUNK = 16 * 1024;
/** Where chunks are decoded that are only looked at. */
const scratch = Buffer.allocUnsafeSlow((CHUNK / 4) * 3);

/**
 * Passes over whole chunks of base64 characters from `from` on, in either alphabet, and gives where the first chunk
 * begins that holds any other one, or is longer than what is left. `passed` characters were passed before: no chunk is
 * longer than all that was, so that a run that ends soon costs no more than its length.
 */
export function passBase64(bytes: Uint8Array, from: number, to: number, passed: number): number {
  let at = from;
  for (let chunk = passed - (passed % 4); at + chunk <= to; chunk = Math.min(CHUNK, chunk * 2)) {
    // what is no base64 is left out by the platform, or ends the text for it
    if (scratch.write(latin1(bytes, at, at + chunk), 'base64') * 4 !== chunk * 3) break;
    at += chunk;
  }
  return at;
}

/** Decodes characters of base64 of either alphabet, a multiple of four; gives how many bytes were written at `to`. */
export function writeBase64(bytes: Uint8Array, start: number, end: number, out: Buffer, to: number): number {
  let k = to;
  for (let at = start; at < end; at += CHUNK)
    k += out.write(latin1(bytes, at, Math.min(end, at + CHUNK)), k, 'base64');
  return k - to;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
