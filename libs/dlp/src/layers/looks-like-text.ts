/** Whether a look at 64 places finds mostly text: printable ASCII, white space, UTF-8. */
export function looksLikeText(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  const step = to - from < 48 ? 1 : Math.max(3, Math.floor((to - from) / 64));
  let signs = 0;
  let looked = 0;
  for (let i = from; i < to; i += step) {
    const byte = bytes[i] ?? 0;
    looked++;
    if (signs > 16) return false;
    if (byte >= 0x80) {
      if (!isInUtf8(bytes, i)) signs++;
    } else if (byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09 && byte !== 0) {
      signs++;
    }
  }
  return signs * 4 < looked;
}

/** Whether the byte at `at` is part of a whole sequence of two bytes or more. */
function isInUtf8(bytes: Uint8Array, at: number): boolean {
  let start = at;
  while (start > at - 3 && isContinuation(bytes[start] ?? 0)) start--;
  const first = bytes[start] ?? 0;
  if (first < 0xc2 || first > 0xf4) return false;
  const end = start + (first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
  if (at >= end) return false;
  for (let i = start + 1; i < end; i++) if (!isContinuation(bytes[i] ?? 0)) return false;
  return true;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
