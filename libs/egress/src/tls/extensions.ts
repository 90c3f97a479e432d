import { normalizeHost } from '../hosts/normalize-host.ts';
import { parseIp } from '../addresses/ip.ts';
import { extension } from './certificate.ts';
import { bits, boolean, integer, octets, oid, sequence, tagged } from './der.ts';
import type { Asn1 } from './der.ts';

const ids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

/** CA:TRUE with no CA below it, for signing certificates only. */
export function authorityExtensions(keyId: Buffer): Asn1[] {
  return [
    extension(ids.basicConstraints, true, sequence(boolean(true), integer(Uint8Array.of(0)))),
    extension(ids.keyUsage, true, bits(Uint8Array.of(0x04), 2)),
    extension(ids.subjectKeyIdentifier, false, octets(keyId)),
    extension(ids.authorityKeyIdentifier, false, sequence(tagged(0, keyId))),
  ];
}

/** A TLS server of one host: SAN with a DNS name or an IP address. */
export function leafExtensions(host: string, keyId: Buffer, authorityKeyId: Buffer): Asn1[] {
  return [
    extension(ids.basicConstraints, true, sequence()),
    extension(ids.keyUsage, true, bits(Uint8Array.of(0x80), 7)),
    extension(ids.extendedKeyUsage, false, sequence(oid(ids.serverAuth))),
    extension(ids.subjectAltName, false, sequence(generalName(host))),
    extension(ids.subjectKeyIdentifier, false, octets(keyId)),
    extension(ids.authorityKeyIdentifier, false, sequence(tagged(0, authorityKeyId))),
  ];
}

function generalName(host: string): Asn1 {
  const ip = normalizeHost(host)?.kind === 'name' ? null : parseIp(host);
  return ip === null ? tagged(2, Buffer.from(host, 'latin1')) : tagged(7, ip.bytes);
}
