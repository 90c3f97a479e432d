import { createHash, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  bits,
  boolean,
  embed,
  encode,
  integer,
  octets,
  oid,
  sequence,
  set,
  tagged,
  time,
  utf8,
} from './der.ts';
import type { Asn1 } from './der.ts';

export interface CertificateFields {
  readonly subject: Asn1;
  readonly issuer: Asn1;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo of the subject, DER */
  readonly publicKey: Buffer;
  readonly extensions: readonly Asn1[];
}

const ecdsaWithSha256 = (): Asn1 => sequence(oid('1.2.840.10045.4.3.2'));

/** A distinguished name of an organisation and a common name; the latter is left out beyond the 64 of RFC 5280. */
export function distinguishedName(organisation: string, commonName: string): Asn1 {
  const attribute = (id: string, text: string): Asn1 => set(sequence(oid(id), utf8(text)));
  const names = [attribute('2.5.4.10', organisation)];
  if (commonName.length <= 64) names.push(attribute('2.5.4.3', commonName));
  return sequence(...names);
}

export function extension(id: string, critical: boolean, value: Asn1): Asn1 {
  const flag = critical ? [boolean(true)] : [];
  return sequence(oid(id), ...flag, octets(encode(value)));
}

/** RFC 5280 4.2.1.2, method 1: SHA-1 of the key's bits, which end an SPKI of an EC P-256 key. */
export function keyIdentifier(publicKey: Buffer): Buffer {
  return createHash('sha1').update(publicKey.subarray(-65)).digest();
}

/** Builds an X.509 v3 certificate and signs it off the event loop. @returns PEM */
export async function signCertificate(fields: CertificateFields, issuerKey: KeyObject): Promise<string> {
  const serial = randomBytes(16);
  // Positive, never zero, and always 16 bytes (RFC 5280 4.1.2.2).
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    tagged(0, [integer(Uint8Array.of(2))]),
    integer(serial),
    ecdsaWithSha256(),
    fields.issuer,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    embed(fields.publicKey),
    tagged(3, [sequence(...fields.extensions)]),
  );
  const signature = await signAsync(encode(body), issuerKey);
  return toPem(encode(sequence(body, ecdsaWithSha256(), bits(signature))));
}

function signAsync(data: Buffer, key: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign('sha256', data, key, (error, signature) => (error === null ? resolve(signature) : reject(error)));
  });
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
