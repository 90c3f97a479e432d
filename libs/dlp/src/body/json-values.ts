const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** Longer strings hold a whole value by themselves. */
const MAX_STRING = 256;

/**
 * The short string values of a JSON text one after the other, without keys: what a value split over several of them
 * reads like. One pass; anything that is no JSON gives something harmless. Null when there are fewer than two.
 */
export function jsonValues(text: Uint8Array): Uint8Array | null {
  const out = Buffer.allocUnsafe(text.length);
  let k = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== QUOTE) continue;
    const start = k;
    for (i++; i < text.length; i++) {
      const byte = text[i] ?? 0;
      if (byte === QUOTE) break;
      out[k++] = byte;
      if (byte === BACKSLASH && ++i < text.length) out[k++] = text[i] ?? 0;
    }
    if (k - start > MAX_STRING || isKey(text, i + 1)) k = start;
    else count++;
  }
  return count < 2 ? null : out.subarray(0, k);
}

function isKey(text: Uint8Array, from: number): boolean {
  let at = from;
  while (text[at] === 0x20 || text[at] === 0x0a || text[at] === 0x0d || text[at] === 0x09) at++;
  return text[at] === COLON;
}
