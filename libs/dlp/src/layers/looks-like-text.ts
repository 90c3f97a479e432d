/** 1 for control characters that texts do not have, 2 for what may be part of UTF-8, 0 for the rest */
const kinds = new Uint8Array(256).fill(2, 0x80);
kinds.fill(1, 0x01, 0x20);
for (const space of '\t\n\r') kinds[space.charCodeAt(0)] = 0;

/** Whether a look at 64 places finds mostly text: printable ASCII, white space, UTF-8. */
export function looksLikeText(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  const table = kinds;
  const step = to - from < 48 ? 1 : Math.max(3, Math.floor((to - from) / 64));
  const places = Math.ceil((to - from) / step);
  let signs = 0;
  for (let i = from; i < to; i += step) {
    const kind = table[bytes[i] ?? 0] ?? 0;
    if (kind === 0 || (kind === 2 && isInUtf8(bytes, i))) continue;
    signs++;
    // what follows cannot change it; the 17th counts only when another place follows
    if (signs * 4 >= places || (signs > 16 && i + step < to)) return false;
  }
  return places > 0;
}

/** Whether the byte at `at` is part of a whole sequence of two bytes or more. */
function isInUtf8(bytes: Uint8Array, at: number): boolean {
  // nearly always the byte beside it tells
  const byte = bytes[at] ?? 0;
  if (byte < 0xc0 ? at === 0 || (bytes[at - 1] ?? 0) < 0x80 : !isContinuation(bytes[at + 1] ?? 0))
    return false;
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
