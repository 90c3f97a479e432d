// oxlint-disable-next-line typescript/triple-slash-reference -- the only way that a neighbour who type-checks these sources sees the declaration
/// <reference path="./node-forge-asn1.d.ts" />
import asn1 from 'node-forge/lib/asn1.js';

/** One ASN.1 value that can be put into another or encoded. */
export interface Asn1 {
  /** raw bytes as a string, or what it contains */
  readonly value: string | readonly Asn1[];
}

const { Class, Type } = asn1;
// node-forge takes bytes as strings of one character per byte.
const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const primitive = (type: number, bytes: string): Asn1 => asn1.create(Class.UNIVERSAL, type, false, bytes);

export const sequence = (...items: readonly Asn1[]): Asn1 =>
  asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...items]);
export const set = (...items: readonly Asn1[]): Asn1 =>
  asn1.create(Class.UNIVERSAL, Type.SET, true, [...items]);
export const oid = (dotted: string): Asn1 => primitive(Type.OID, asn1.oidToDer(dotted).getBytes());
export const utf8 = (text: string): Asn1 => primitive(Type.UTF8, binary(Buffer.from(text)));
export const octets = (bytes: Uint8Array): Asn1 => primitive(Type.OCTETSTRING, binary(bytes));
export const boolean = (value: boolean): Asn1 => primitive(Type.BOOLEAN, value ? '\xff' : '\0');

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Asn1 {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  const sign = (digits[0] ?? 0) >= 0x80 ? '\0' : '';
  return primitive(Type.INTEGER, sign + binary(digits));
}

/** @param unused how many of the lowest bits of the last byte do not count */
export const bits = (bytes: Uint8Array, unused = 0): Asn1 =>
  primitive(Type.BITSTRING, String.fromCharCode(unused) + binary(bytes));

/** A context-specific tag; `content` is either what it wraps or its raw bytes. */
export function tagged(tag: number, content: readonly Asn1[] | Uint8Array): Asn1 {
  return content instanceof Uint8Array
    ? asn1.create(Class.CONTEXT_SPECIFIC, tag, false, binary(content))
    : asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [...content]);
}

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280 4.1.2.5); whole seconds. */
export function time(date: Date): Asn1 {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return date.getUTCFullYear() < 2050
    ? primitive(Type.UTCTIME, `${digits.slice(2)}Z`)
    : primitive(Type.GENERALIZEDTIME, `${digits}Z`);
}

export const encode = (value: Asn1): Buffer => Buffer.from(asn1.toDer(value).getBytes(), 'latin1');

/** Takes finished DER, e.g. a public key, as one value. */
export const embed = (der: Uint8Array): Asn1 => asn1.fromDer(binary(der));
