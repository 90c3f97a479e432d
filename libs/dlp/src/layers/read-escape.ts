import type { Escape } from './region-writer.ts';

const PERCENT = 0x25;
const AMP = 0x26;
const BACKSLASH = 0x5c;
const HASH = 0x23;
const SLASH = 0x2f;
const EQUALS = 0x3d;
/** Backslashes before an escape that are taken with it; the last so many of a longer run. */
const MAX_BACKSLASHES = 16;

/** What a hex digit stands for, -1: it is none. */
export const hexValue = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  hexValue[digit.toString(16).charCodeAt(0)] = digit;
  hexValue[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Reads what stands at `at` into `out`; a length of 0: it is no escape. */
export function readEscape(input: Uint8Array, at: number, out: Escape): void {
  out.length = 0;
  out.before = 0;
  const first = input[at];
  const kind = input[at + 1] ?? 0;
  if (first === PERCENT) {
    // %uXXXX is an old form that some servers still decode
    if (kind === 0x75 || kind === 0x55) readHex(input, at + 2, 4, 4, 2, out);
    else readHex(input, at + 1, 2, 2, 1, out);
  } else if (first === EQUALS) {
    readSoftBreakOrHex(input, at, out);
  } else if (first === AMP) {
    if (kind === HASH) readEntity(input, at, out);
  } else if (kind === BACKSLASH) {
    readEscapedBackslash(input, at, out);
  } else if (kind === SLASH) {
    // source in JSON is full of `\\/`, where the backslash is one
    if (input[at - 1] === BACKSLASH) return;
    out.value = SLASH;
    out.isByte = false;
    out.length = 2;
  } else if (kind === 0x75) {
    if (input[at + 2] === 0x7b) readBraced(input, at, out);
    else readHex(input, at + 2, 4, 4, 2, out);
  } else if (kind === 0x55) {
    readHex(input, at + 2, 8, 8, 2, out);
  } else if (kind === 0x78) {
    readHex(input, at + 2, 2, 2, 2, out);
  } else if (kind >= 0x30 && kind <= 0x37) {
    readOctal(input, at, out);
  }
}

/** An escape whose backslash was escaped itself, once or more often: JSON in JSON. */
function readEscapedBackslash(input: Uint8Array, at: number, out: Escape): void {
  let last = at + 1;
  while (last - at < MAX_BACKSLASHES && input[last + 1] === BACKSLASH) last++;
  if (input[last + 1] === BACKSLASH) return;
  readEscape(input, last, out);
  if (out.length === 0) return;
  out.length += last - at;
  out.before = last - at;
}

function readHex(
  input: Uint8Array,
  from: number,
  min: number,
  max: number,
  before: number,
  out: Escape,
): void {
  let value = 0;
  let digits = 0;
  while (digits < max) {
    const digit = hexValue[input[from + digits] ?? 0] ?? -1;
    if (digit < 0) break;
    value = value * 16 + digit;
    digits++;
  }
  if (digits < min) return;
  out.value = value;
  out.isByte = max === 2;
  out.length = before + digits;
}

function readBraced(input: Uint8Array, at: number, out: Escape): void {
  readHex(input, at + 3, 1, 6, 3, out);
  if (out.length === 0) return;
  if (input[at + out.length] === 0x7d) out.length++;
  else out.length = 0;
}

function readOctal(input: Uint8Array, at: number, out: Escape): void {
  let value = 0;
  let digits = 0;
  while (digits < 3) {
    const byte = input[at + 1 + digits] ?? 0;
    if (byte < 0x30 || byte > 0x37) break;
    value = value * 8 + (byte - 0x30);
    digits++;
  }
  if (digits < 2) return;
  out.value = value & 0xff;
  out.isByte = true;
  out.length = 1 + digits;
}

function readEntity(input: Uint8Array, at: number, out: Escape): void {
  const hex = input[at + 2] === 0x78 || input[at + 2] === 0x58;
  let i = at + (hex ? 3 : 2);
  let value = 0;
  let digits = 0;
  // HTML allows any number of leading zeros
  while (digits < 64 && value <= 0x10ffff) {
    const digit = hexValue[input[i] ?? 0] ?? -1;
    if (digit < 0 || (!hex && digit > 9)) break;
    value = value * (hex ? 16 : 10) + digit;
    digits++;
    i++;
  }
  if (digits === 0 || value > 0x10ffff) return;
  out.value = value;
  out.isByte = false;
  out.length = i - at + (input[i] === 0x3b ? 1 : 0);
}

function readSoftBreakOrHex(input: Uint8Array, at: number, out: Escape): void {
  const next = input[at + 1];
  if (next === 0x0a || (next === 0x0d && input[at + 2] === 0x0a)) {
    out.value = -1;
    out.length = next === 0x0a ? 2 : 3;
    return;
  }
  readHex(input, at + 1, 2, 2, 1, out);
}
