/** Shortest run of base64 or hex characters that is decoded: 16 bytes or more of content. */
const MIN_RUN = 24;
/** A line of this length or more may go on after a line break (PEM wraps at 64, MIME at 76). */
const MIN_LINE = 60;
/** Longest run after segments that is decoded on its own. */
const MAX_INNER = 64 * 1024;
/** What follows `e` in base64 of a zlib header: 78 01, 78 5E, 78 9C, 78 DA. */
const zlibSecond = new Set(Array.from('AFJN', (char) => char.charCodeAt(0)));
/** Characters that the platform decodes at once, whole groups of four. */
const NATIVE = 4096;

/** What a character of base64, in either alphabet, stands for; -1: it is none. */
export const sextets = new Int8Array(256).fill(-1);
'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  .split('')
  .forEach((char, value) => (sextets[char.charCodeAt(0)] = value));
sextets[0x2d] = 62;
sextets[0x5f] = 63;
const nibbles = new Int8Array(256).fill(-1);
for (const [index, char] of Array.from('0123456789abcdef').entries()) {
  nibbles[char.charCodeAt(0)] = index;
  nibbles[char.toUpperCase().charCodeAt(0)] = index;
}

/** What the runs of base64 and hex in a text stand for. */
export interface DecodedRuns {
  /** contents of the runs, with a NUL between them */
  readonly bytes: Uint8Array;
  /** where each run's content starts */
  readonly starts: readonly number[];
  /** whether a run ends as those of compressed text begin: it may be written backwards */
  readonly endsCompressed: boolean;
}

/**
 * Decodes every run of 24 or more base64 (either alphabet) or hex characters, each from its first character. Lines of
 * one wrapped run are joined. Returns null when there is none.
 */
export function decodeRuns(text: Uint8Array): DecodedRuns | null {
  const table = sextets;
  let out: Buffer | null = null;
  let k = 0;
  const starts: number[] = [];
  let endsCompressed = false;
  // a run of MIN_RUN characters cannot avoid every place that is looked at
  for (let at = MIN_RUN - 1; at < text.length; at += MIN_RUN) {
    if ((table[text[at] ?? 0] ?? -1) < 0) continue;
    let start = at;
    while (start > 0 && at - start < MIN_RUN && (table[text[start - 1] ?? 0] ?? -1) >= 0) start--;
    let end = runEnd(text, at + 1);
    if (end - start < MIN_RUN) {
      at = end - 1;
      continue;
    }
    // what is not written is not given away
    out ??= Buffer.allocUnsafeSlow(text.length + 16);
    starts.push(k);
    const first = start;
    // what follows in the next line may not belong to it
    endsCompressed ||= isMagicBackwards(text, end);
    if (isHex(text, start, end)) {
      k = decodeHex(text, start, end, out, k);
    } else {
      const wrapped = decodeLines(text, start, end, out, k);
      k = wrapped.length;
      end = wrapped.end;
    }
    out[k++] = 0;
    endsCompressed ||= isMagicBackwards(text, end);
    at = end - 1;
    // what a run stands for depends on where it begins, and a path or a name may end right before it
    const count = afterSegments(text, first, end);
    for (let i = 0; i < count; i++) {
      const inner = innerPlaces[i] ?? 0;
      const last = Math.min(end, inner + MAX_INNER);
      out = withRoom(out, k + (last - inner) + Math.ceil((text.length - end) * 0.8) + 16);
      starts.push(k);
      if (isHex(text, inner, last)) k = decodeHex(text, inner, last, out, k);
      else k = decodeLines(text, inner, Math.min(runEnd(text, inner), last), out, k, last).length;
      out[k++] = 0;
    }
  }
  return out === null ? null : { bytes: out.subarray(0, k), starts, endsCompressed };
}

/** Decodes a base64 run and the lines that it goes on in; gives where its content ends in `out`, and it in the text. */
function decodeLines(
  text: Uint8Array,
  from: number,
  to: number,
  out: Buffer,
  at: number,
  last = text.length,
): { length: number; end: number } {
  const table = sextets;
  const state = { bits: 0, count: 0 };
  let start = from;
  let end = to;
  let k = at;
  for (;;) {
    k = decodeBase64(text, start, end, out, k, state);
    const next = end - start >= MIN_LINE ? skipLineBreak(text, end) : end;
    if (next === end || next >= last || (table[text[next] ?? 0] ?? -1) < 0) break;
    start = next;
    end = Math.min(last, runEnd(text, next));
  }
  return { length: flush(state, out, k), end };
}

/** Decodes one base64 run from `start`, e.g. where a magic number was found. At most `limit` characters are read. */
export function decodeBase64At(text: Uint8Array, start: number, limit: number): Uint8Array {
  const end = Math.min(runEnd(text, start), start + limit);
  const out = Buffer.allocUnsafeSlow(end - start + 3);
  const state = { bits: 0, count: 0 };
  const k = decodeBase64(text, start, end, out, 0, state);
  return out.subarray(0, flush(state, out, k));
}

/** Places that `afterSegments` gave, which the next call overwrites. */
const innerPlaces = new Int32Array(5);

/**
 * Finds where a run of its own may begin after segments of a path or words of a name, one place for each phase that
 * groups of four can have; those of the whole run were decoded with it. Returns how many there are in `innerPlaces`.
 */
function afterSegments(text: Uint8Array, start: number, end: number): number {
  // base64 of a zlib header may stand after a few other letters
  let one = zlibAt(text, start + 1);
  let two = zlibAt(text, start + 2);
  let three = zlibAt(text, start + 3);
  let zero = -1;
  let from = start;
  for (let at = start; at < end && at - from < MIN_RUN; at++) {
    const byte = text[at] ?? 0;
    if (byte !== 0x2f && byte !== 0x2d && byte !== 0x5f && byte !== 0x2b) continue;
    from = at + 1;
    if (end - from < MIN_RUN) continue;
    const phase = (from - start) & 3;
    if (phase === 1 && one < 0) one = from;
    else if (phase === 2 && two < 0) two = from;
    else if (phase === 3 && three < 0) three = from;
    else if (phase === 0 && zero < 0) zero = from;
  }
  let count = 0;
  const add = (place: number): void => {
    if (place >= 0) innerPlaces[count++] = place;
  };
  add(one);
  add(two);
  add(three);
  if (zero >= 0 && isHex(text, zero, Math.min(end, zero + MAX_INNER))) add(zero);
  // a rule of dashes has places of every phase before what it underlines
  if (from !== start && end - from >= MIN_RUN && ((from - start) & 3) !== 0) {
    if (from !== one && from !== two && from !== three) add(from);
  }
  return count;
}

function zlibAt(text: Uint8Array, at: number): number {
  return text[at] === 0x65 && zlibSecond.has(text[at + 1] ?? 0) ? at : -1;
}

/** Whether base64 of the first bytes of zlib, gzip (`H4sI`) or zstd (`KLUv`) stands before `end`, backwards. */
function isMagicBackwards(text: Uint8Array, end: number): boolean {
  const last = text[end - 1];
  if (last === 0x65) return zlibSecond.has(text[end - 2] ?? 0);
  if (last !== 0x48 && last !== 0x4b) return false;
  return ['Is4H', 'vULK'].includes(Buffer.from(text.subarray(end - 4, end)).toString('latin1'));
}

function withRoom(out: Buffer, length: number): Buffer {
  if (out.length >= length) return out;
  const more = Buffer.allocUnsafeSlow(Math.max(length, out.length * 2));
  out.copy(more);
  return more;
}

function runEnd(text: Uint8Array, from: number): number {
  const table = sextets;
  let end = from;
  while (end < text.length && (table[text[end] ?? 0] ?? -1) >= 0) end++;
  return end;
}

function isHex(text: Uint8Array, start: number, end: number): boolean {
  const table = nibbles;
  for (let i = start; i < end; i++) if ((table[text[i] ?? 0] ?? -1) < 0) return false;
  return true;
}

function decodeHex(text: Uint8Array, start: number, end: number, out: Uint8Array, to: number): number {
  const table = nibbles;
  let k = to;
  for (let i = start; i + 1 < end; i += 2) {
    out[k++] = ((table[text[i] ?? 0] ?? 0) << 4) | (table[text[i + 1] ?? 0] ?? 0);
  }
  return k;
}

function decodeBase64(
  text: Uint8Array,
  start: number,
  end: number,
  out: Buffer,
  to: number,
  state: { bits: number; count: number },
): number {
  const table = sextets;
  let k = to;
  let { bits, count } = state;
  let i = start;
  if (count === 0) {
    // the platform decodes long runs many times faster; what is not whole groups is left to the loop
    for (; end - i >= NATIVE; i += NATIVE) {
      const source = Buffer.from(text.buffer, text.byteOffset + i, NATIVE).toString('latin1');
      k += out.write(source, k, 'base64');
    }
  }
  for (; i < end; i++) {
    bits = ((bits << 6) | (table[text[i] ?? 0] ?? 0)) & 0xffffff;
    if (++count === 4) {
      out[k] = bits >> 16;
      out[k + 1] = (bits >> 8) & 0xff;
      out[k + 2] = bits & 0xff;
      k += 3;
      count = 0;
    }
  }
  state.bits = bits;
  state.count = count;
  return k;
}

/** Writes the bytes that an incomplete last group holds. */
function flush(state: { bits: number; count: number }, out: Uint8Array, to: number): number {
  if (state.count < 2) return to;
  out[to] = (state.bits >> (state.count === 2 ? 4 : 10)) & 0xff;
  if (state.count === 2) return to + 1;
  out[to + 1] = (state.bits >> 2) & 0xff;
  return to + 2;
}

/** Where the text goes on after a line break, white space, or an escaped line break; `from` when there is none. */
function skipLineBreak(text: Uint8Array, from: number): number {
  let at = from;
  while (at < text.length && at - from < 16) {
    const byte = text[at] ?? 0;
    if (byte === 0x0a || byte === 0x0d || byte === 0x20 || byte === 0x09) at++;
    else if (byte === 0x5c && (text[at + 1] === 0x6e || text[at + 1] === 0x72)) at += 2;
    else break;
  }
  return at;
}
