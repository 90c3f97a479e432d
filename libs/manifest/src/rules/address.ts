import { BlockList, isIP, isIPv4 } from 'node:net';
import { embedsIPv4 } from './embedded-ipv4.ts';
import { type Finding, finding } from './finding.ts';

export interface AddressRange {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefix: number;
}

/** Shortest prefixes accepted: 10.0.0.0/8 and fc00::/7 are the largest private blocks. */
const SHORTEST_PREFIX = { ipv4: 8, ipv6: 7 } as const;

function read(text: string): AddressRange | null {
  const [address = '', prefix, ...more] = text.split('/');
  if (more.length > 0 || address.includes('%') || isIP(address) === 0) return null;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const longest = family === 'ipv4' ? 32 : 128;
  if (prefix === undefined) return { address, family, prefix: longest };
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(prefix) || Number(prefix) > longest) return null;
  return { address, family, prefix: Number(prefix) };
}

/** What is wrong with an entry of an address allow-list. Host bits are allowed. */
export function checkAddressRange(text: string): Finding | null {
  const range = read(text);
  if (range === null) {
    return finding('must be an IP address or a CIDR block', 'for example 10.1.2.3, 10.0.0.0/8 or fd00::/8');
  }
  if (range.prefix < SHORTEST_PREFIX[range.family]) {
    return finding(
      `the block is too broad: at least /${SHORTEST_PREFIX[range.family]} is needed`,
      'list the addresses that the host really uses',
      'too_broad',
    );
  }
  if (range.family === 'ipv6' && embedsIPv4(range.address, range.prefix)) {
    return finding('the block stands for IPv4 addresses', 'write them as IPv4', 'too_broad');
  }
  return null;
}

/** Whether `ip` lies in one of the entries; entries that are not well-formed cover nothing. */
export function isAddressCovered(ip: string, entries: readonly string[]): boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const range = read(entry);
    if (range !== null) list.addSubnet(range.address, range.prefix, range.family);
  }
  return list.check(ip, isIPv4(ip) ? 'ipv4' : 'ipv6');
}
