import { cidrContains, parseCidr } from './cidr.ts';
import type { IpAddress } from './ip.ts';
import { once } from './once.ts';

interface Carrier {
  readonly prefix: string;
  /** byte offsets of the IPv4 address inside the IPv6 address */
  readonly at: readonly number[];
  /** Teredo stores the client's address inverted */
  readonly inverted?: boolean;
}

// RFC 4291 (mapped, compatible), RFC 2765 (translated), RFC 6052 (NAT64), RFC 8215 (local-use NAT64 of every prefix
// length), RFC 3056 (6to4), RFC 4380 (Teredo: server and client), RFC 5214 (ISATAP is recognised by its interface id).
const carriers: readonly Carrier[] = [
  { prefix: '::ffff:0:0/96', at: [12] },
  { prefix: '::ffff:0:0:0/96', at: [12] },
  { prefix: '::/96', at: [12] },
  { prefix: '64:ff9b::/96', at: [12] },
  { prefix: '64:ff9b:1::/48', at: [12] },
  { prefix: '2002::/16', at: [2] },
  { prefix: '2001::/32', at: [4] },
  { prefix: '2001::/32', at: [12], inverted: true },
];

const parsed = once(() =>
  carriers.flatMap((carrier) => {
    const cidr = parseCidr(carrier.prefix);
    return cidr === null ? [] : [{ cidr, at: carrier.at, inverted: carrier.inverted === true }];
  }),
);

/** Every IPv4 address that a packet to `ip` could end up at; empty when the address carries none. */
export function embeddedIpv4(ip: IpAddress): IpAddress[] {
  if (ip.family === 4) return [];
  return parsed()
    .filter((carrier) => cidrContains(carrier.cidr, ip))
    .flatMap((carrier) =>
      carrier.at.map((offset): IpAddress => {
        const bytes = ip.bytes.slice(offset, offset + 4);
        return { family: 4, bytes: carrier.inverted ? bytes.map((byte) => byte ^ 0xff) : bytes };
      }),
    );
}

const mapped = once(() => parseCidr('::ffff:0:0/96'));

/** The IPv4 address that a v4-mapped address stands for, null for any other. */
export function unmapIpv4(ip: IpAddress): IpAddress | null {
  const prefix = mapped();
  if (prefix === null || !cidrContains(prefix, ip)) return null;
  return { family: 4, bytes: ip.bytes.slice(12) };
}
