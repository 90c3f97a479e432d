import { parseCidr } from './cidr.ts';
import type { Cidr } from './cidr.ts';
import { once } from './once.ts';

export type SpecialClass =
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'cgnat'
  | 'multicast'
  | 'unspecified'
  | 'metadata'
  | 'reserved';

export interface SpecialRange {
  readonly cidr: Cidr;
  readonly is: SpecialClass;
}

function range(text: string, is: SpecialClass): SpecialRange {
  const cidr = parseCidr(text);
  if (cidr === null) throw new TypeError(`not a CIDR: ${text}`);
  return { cidr, is };
}

/**
 * Addresses at which clouds hand out credentials or configuration. They are single addresses on purpose: an allow-list
 * must name one exactly to open it. Not all lie in a special range (Azure's is a public address).
 */
export const metadataAddresses = once((): readonly SpecialRange[] =>
  [
    '169.254.169.254', // AWS, GCP, Azure, OpenStack, DigitalOcean
    '169.254.170.2', // AWS ECS task credentials
    '169.254.170.23', // AWS EKS pod identity
    '100.100.100.200', // Alibaba
    '168.63.129.16', // Azure wire server
    '192.0.0.192', // Oracle
    'fd00:ec2::254', // AWS over IPv6
    'fd00:ec2::23', // AWS EKS pod identity over IPv6
    'fd20:ce::254', // GCP over IPv6
  ].map((text) => range(text, 'metadata')),
);

/** IANA IPv4 and IPv6 special-purpose registries (RFC 6890 and its updates); the first match decides. */
export const specialRanges = once((): readonly SpecialRange[] => [
  range('0.0.0.0/8', 'unspecified'),
  range('10.0.0.0/8', 'private'),
  range('100.64.0.0/10', 'cgnat'),
  range('127.0.0.0/8', 'loopback'),
  range('169.254.0.0/16', 'link-local'),
  range('172.16.0.0/12', 'private'),
  range('192.0.0.0/24', 'reserved'),
  range('192.0.2.0/24', 'reserved'),
  range('192.88.99.0/24', 'reserved'),
  range('192.168.0.0/16', 'private'),
  range('198.18.0.0/15', 'reserved'),
  range('198.51.100.0/24', 'reserved'),
  range('203.0.113.0/24', 'reserved'),
  range('224.0.0.0/4', 'multicast'),
  range('240.0.0.0/4', 'reserved'),
  range('::/128', 'unspecified'),
  range('::1/128', 'loopback'),
  range('64:ff9b:1::/48', 'private'),
  range('2001::/23', 'reserved'),
  range('2001:db8::/32', 'reserved'),
  range('3fff::/20', 'reserved'),
  range('fc00::/7', 'private'),
  range('fe80::/10', 'link-local'),
  range('fec0::/10', 'private'),
  range('ff00::/8', 'multicast'),
]);

/** The only part of IPv6 that is handed out as global unicast (IANA IPv6 address space). */
export const globalUnicast = once((): Cidr => range('2000::/3', 'reserved').cidr);
