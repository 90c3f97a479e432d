import { parseCidr } from './cidr.ts';
import { formatIp } from './ip.ts';

/**
 * A network in its one normal form: always with a prefix, the bits of the host cleared. Null when `text` is neither an
 * address nor a CIDR.
 */
export function canonicalCidr(text: string): string | null {
  const cidr = parseCidr(text);
  if (cidr === null) return null;
  const bytes = cidr.ip.bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, cidr.bits - 8 * index));
    return byte & (0xff << (8 - kept));
  });
  return `${formatIp({ family: cidr.ip.family, bytes })}/${cidr.bits}`;
}
