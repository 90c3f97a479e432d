import { parseIp } from './ip.ts';
import type { IpAddress } from './ip.ts';

export interface Cidr {
  readonly ip: IpAddress;
  /** length of the prefix in bits; 32 or 128 for a single address */
  readonly bits: number;
}

/** Parses `address` or `address/bits`. Host bits may be set; they are ignored in matching. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf('/');
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (ip === null) return null;
  const width = ip.bytes.length * 8;
  if (slash < 0) return { ip, bits: width };
  const suffix = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(suffix)) return null;
  const bits = Number(suffix);
  return bits <= width ? { ip, bits } : null;
}

/** Whether `ip` lies in `cidr`. Addresses of different families never match. */
export function cidrContains(cidr: Cidr, ip: IpAddress): boolean {
  if (cidr.ip.family !== ip.family) return false;
  const whole = cidr.bits >> 3;
  for (let i = 0; i < whole; i += 1) if (cidr.ip.bytes[i] !== ip.bytes[i]) return false;
  const rest = cidr.bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((cidr.ip.bytes[whole] ?? 0) & mask) === ((ip.bytes[whole] ?? 0) & mask);
}
