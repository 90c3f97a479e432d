/** Characters with the same separator after each that count as spread out. */
const MIN_CHARS = 16;
/** Places at which the text is looked at; a region that counts cannot avoid all of them. */
const STEP = 16;

const isAlnum = new Uint8Array(256);
for (const char of '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
  isAlnum[char.charCodeAt(0)] = 1;

/**
 * What a text reads like where one or two of the same signs stand after each of its characters (`a-b-c`, `a, b, c`,
 * UTF-16), with a NUL between the places. Null when there is no such place.
 */
export function withoutSeparators(text: Uint8Array): Uint8Array | null {
  const table = isAlnum;
  const view = new DataView(text.buffer, text.byteOffset, text.length);
  let out: Uint8Array | null = null;
  let k = 0;
  for (let at = nextRecurring(view, 0); at + 10 <= text.length; at = nextRecurring(view, at + STEP)) {
    const a = text[at] ?? 0;
    const b = text[at + 1] ?? 0;
    const c = text[at + 2] ?? 0;
    let sign = -1;
    let period = 2;
    if (a === text[at + 2] && a === text[at + 4] && table[a] === 0) sign = at;
    else if (b === text[at + 3] && b === text[at + 5] && table[b] === 0) sign = at + 1;
    else if (a === text[at + 3] && a === text[at + 6] && table[a] === 0) [sign, period] = [at, 3];
    else if (b === text[at + 4] && b === text[at + 7] && table[b] === 0) [sign, period] = [at + 1, 3];
    else if (c === text[at + 5] && c === text[at + 8] && table[c] === 0) [sign, period] = [at + 2, 3];
    // nearly always what recurs is the same sign all over
    if (sign < 0 || text[sign + period - 1] === text[sign]) continue;
    const region = regionAt(text, sign, period);
    if (region === null) continue;
    out ??= new Uint8Array(text.length);
    for (let i = region.start; i < region.end; i += period) out[k++] = text[i] ?? 0;
    out[k++] = 0;
    at = Math.max(at, region.end - STEP);
  }
  return out === null ? null : out.subarray(0, k);
}

/** The first place of those looked at from `from` on where what stands there recurs, after two places or after three. */
function nextRecurring(view: DataView, from: number): number {
  const step = STEP;
  let at = from;
  for (const last = view.byteLength - 10; at <= last; at += step) {
    // a byte of these is zero where it recurs
    const here = view.getInt32(at, true);
    const byTwo = here ^ view.getInt32(at + 2, true);
    const three = view.getInt32(at + 3, true);
    const byThree = (here ^ three) | (three ^ view.getInt32(at + 6, true));
    if (
      (byTwo & 0x00ff00ff) === 0 ||
      (byTwo & 0xff00ff00) === 0 ||
      (byThree & 0xff) === 0 ||
      (byThree & 0xff00) === 0 ||
      (byThree & 0xff0000) === 0
    )
      break;
  }
  return at;
}

/**
 * Where the characters begin and end between which the sign at `sign` recurs; null: too few, or no text in it. Whatever
 * is refused is refused after a look at so many characters, so that the work stays linear.
 */
function regionAt(text: Uint8Array, sign: number, period: number): { start: number; end: number } | null {
  const byte = text[sign];
  let first = sign;
  while (first - period >= 0 && text[first - period] === byte && sign - first < STEP * period)
    first -= period;
  for (let i = 1; i < MIN_CHARS; i++) if (text[first + i * period] !== byte) return null;
  // of two signs, whichever of the places beside this one holds letters tells which is the first
  const after = first + 1;
  let letters = 0;
  let shifted = 0;
  for (let i = 0; i < MIN_CHARS; i++) {
    letters += isAlnum[text[after + i * period] ?? 0] ?? 0;
    shifted += isAlnum[text[after + 1 + i * period] ?? 0] ?? 0;
  }
  const isSecond = period === 3 && shifted > letters;
  if ((isSecond ? shifted : letters) * 4 < MIN_CHARS) return null;
  let last = first + (MIN_CHARS - 1) * period;
  while (text[last + period] === byte) last += period;
  const start = isSecond ? after + 1 : after;
  return { start: Math.max(0, start - period), end: Math.min(text.length, last + period) };
}
