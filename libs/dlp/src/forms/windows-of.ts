/** Values up to this many bytes are searched whole. */
export const WHOLE = 96;
const WINDOW = 64;
const COUNT = 3;

/** A part of a value that is searched on its behalf. */
export interface ValueWindow {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/**
 * The parts of a value that are searched. A long value (a key file, a service account) is found by any of its three
 * most random 64-byte parts, which every complete copy holds; boilerplate such as a PEM header is never chosen.
 */
export function windowsOf(value: Uint8Array): ValueWindow[] {
  if (value.length <= WHOLE) return [{ start: 0, bytes: value }];
  const candidates: Array<{ start: number; score: number }> = [];
  for (let start = 0; start + WINDOW <= value.length; start += 16) {
    candidates.push({ start, score: randomness(value.subarray(start, start + WINDOW)) });
  }
  candidates.sort((a, b) => b.score - a.score || a.start - b.start);
  const chosen: number[] = [];
  for (const { start } of candidates) {
    if (chosen.length === COUNT) break;
    if (chosen.every((other) => Math.abs(other - start) >= WINDOW)) chosen.push(start);
  }
  return chosen.map((start) => ({ start, bytes: value.slice(start, start + WINDOW) }));
}

/** Counts changes between lower case, upper case and digits: high in keys, low in words and headers. */
function randomness(bytes: Uint8Array): number {
  let changes = 0;
  let previous = -1;
  for (const byte of bytes) {
    const kind = kindOf(byte);
    if (kind !== previous && kind !== 3) changes++;
    previous = kind;
  }
  return changes;
}

function kindOf(byte: number): number {
  if (byte >= 0x61 && byte <= 0x7a) return 0;
  if (byte >= 0x41 && byte <= 0x5a) return 1;
  if (byte >= 0x30 && byte <= 0x39) return 2;
  return 3;
}
