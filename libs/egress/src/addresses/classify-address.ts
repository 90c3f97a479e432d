import { cidrContains, parseCidr } from './cidr.ts';
import { embeddedIpv4, unmapIpv4 } from './embedded-ipv4.ts';
import { parseIp } from './ip.ts';
import type { IpAddress } from './ip.ts';
import { globalUnicast, metadataAddresses, specialRanges } from './special-ranges.ts';
import type { SpecialClass } from './special-ranges.ts';

/** `translated`: an IPv6 form that wraps a public IPv4 address. `invalid`: not an address at all. */
export type AddressClass = 'public' | SpecialClass | 'translated' | 'invalid';

/**
 * What kind of address `ip` is. Forms that wrap an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) take the
 * class of what they wrap when that is not public.
 */
export function classifyAddress(ip: string): AddressClass {
  const parsed = parseIp(ip);
  return parsed === null ? 'invalid' : classify(parsed);
}

function classify(ip: IpAddress): AddressClass {
  if (metadataAddresses().some((entry) => cidrContains(entry.cidr, ip))) return 'metadata';
  const own = specialRanges().find((entry) => cidrContains(entry.cidr, ip))?.is;
  if (own === 'loopback' || own === 'unspecified') return own;
  const inner = embeddedIpv4(ip).map(classify);
  if (inner.includes('metadata')) return 'metadata';
  if (inner.length > 0) return inner.find((kind) => kind !== 'public') ?? own ?? 'translated';
  if (own !== undefined) return own;
  if (ip.family === 6 && !cidrContains(globalUnicast(), ip)) return 'reserved';
  return 'public';
}

/**
 * Whether `ip` may be dialled: public addresses may; all others only when an entry of `allowlist` (addresses or CIDRs,
 * host bits allowed) covers them, metadata addresses only when an entry is exactly that address.
 */
export function addressAllowed(ip: string, allowlist: readonly string[]): boolean {
  const parsed = parseIp(ip);
  if (parsed === null) return false;
  const kind = classify(parsed);
  if (kind === 'public') return true;
  const plain = unmapIpv4(parsed) ?? parsed;
  return allowlist.some((entry) => {
    const cidr = parseCidr(entry);
    if (cidr === null) return false;
    if (kind === 'metadata' && cidr.bits !== cidr.ip.bytes.length * 8) return false;
    return cidrContains(cidr, parsed) || cidrContains(cidr, plain);
  });
}
