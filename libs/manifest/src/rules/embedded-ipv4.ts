/** IPv6 blocks whose addresses stand for IPv4 addresses; a range in one would get past the limits for IPv4. */
const blocks: ReadonlyArray<readonly [string, number]> = [
  ['::', 96], // IPv4-compatible, RFC 4291 section 2.5.5.1
  ['::ffff:0:0', 96], // IPv4-mapped, RFC 4291 section 2.5.5.2
  ['64:ff9b::', 96], // NAT64, RFC 6052
  ['64:ff9b:1::', 48], // NAT64 for local use, RFC 8215
  ['2002::', 16], // 6to4, RFC 3056
];

/** The 128 bits of an IPv6 address in any spelling. */
function bits(address: string): bigint {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...zeros, ...back].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** Whether an IPv6 range overlaps a block that embeds IPv4. The loopback address `::1` does not count. */
export function embedsIPv4(address: string, prefix: number): boolean {
  const range = bits(address);
  if (range === 1n && prefix === 128) return false;
  return blocks.some(([block, length]) => {
    const shift = BigInt(128 - Math.min(prefix, length));
    return range >> shift === bits(block) >> shift;
  });
}
