import { isIPv4, isIPv6 } from 'node:net';

/** An address as its 4 or 16 bytes. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
}

/** Parses a canonical dotted quad or any RFC 4291 text form. Null for everything else, zone ids included. */
export function parseIp(text: string): IpAddress | null {
  if (isIPv4(text)) return { family: 4, bytes: parseQuad(text) };
  if (text.includes('%') || !isIPv6(text)) return null;
  return { family: 6, bytes: parseGroups(text) };
}

function parseQuad(text: string): Uint8Array {
  return Uint8Array.from(text.split('.'), Number);
}

// `text` has passed isIPv6, so every group is one to four hex digits and there is at most one `::`.
function parseGroups(text: string): Uint8Array {
  const [head = '', tail] = text.split('::');
  const left = groupBytes(head);
  const right = tail === undefined ? [] : groupBytes(tail);
  const bytes = new Uint8Array(16);
  bytes.set(left, 0);
  bytes.set(right, 16 - right.length);
  return bytes;
}

function groupBytes(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return [...parseQuad(group)];
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** Writes an address in its one canonical form (RFC 5952 for IPv6, without dotted tails). */
export function formatIp(ip: IpAddress): string {
  if (ip.family === 4) return ip.bytes.join('.');
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((ip.bytes[2 * i] ?? 0) << 8) | (ip.bytes[2 * i + 1] ?? 0),
  );
  const run = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (run === null) return hex.join(':');
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.end).join(':')}`;
}

// RFC 5952 4.2: the first of the longest runs of at least two zero groups is shortened.
function longestZeroRun(groups: readonly number[]): { start: number; end: number } | null {
  let best: { start: number; end: number } | null = null;
  for (let start = 0; start < groups.length; start += 1) {
    let end = start;
    while (end < groups.length && groups[end] === 0) end += 1;
    if (end - start >= 2 && (best === null || end - start > best.end - best.start)) best = { start, end };
    if (end > start) start = end;
  }
  return best;
}
