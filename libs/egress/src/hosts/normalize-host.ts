import { domainToASCII } from 'node:url';
import { formatIp, parseIp } from '../addresses/ip.ts';

export type HostKind = 'name' | 'ipv4' | 'ipv6';

export interface NormalHost {
  /** lower case, without trailing dot or brackets; IP literals in their one canonical form */
  readonly host: string;
  readonly kind: HostKind;
}

const plainName = /^[a-z0-9._-]+$/;
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
// WHATWG URL, "ends in a number": such a host is an IPv4 address to many resolvers, never a name.
const numericLabel = /^(?:\d+|0x[0-9a-f]*)$/;

/**
 * The one form under which a host is compared everywhere (SNI, CONNECT, Host, routes). Null when `text` is not a host:
 * decimal, hex, octal and short IPv4 forms, zone ids, user info, percent signs, controls and empty labels included.
 * Underscores are allowed, because real names have them. Names follow RFC 1123 and UTS 46 (through node:url).
 */
export function normalizeHost(text: string): NormalHost | null {
  if (text.length === 0 || text.length > 1024) return null;
  if (text.includes(':')) return normalizeIpv6(text);
  const lower = text.toLowerCase();
  const ascii = toAscii(lower);
  if (ascii === null) return null;
  const name = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii;
  if (name.length === 0 || name.length > 253) return null;
  const labels = name.split('.');
  if (numericLabel.test(labels[labels.length - 1] ?? '')) return canonicalIpv4(text);
  return labels.every((part) => label.test(part)) ? { host: name, kind: 'name' } : null;
}

function toAscii(lower: string): string | null {
  if (plainName.test(lower)) {
    if (!lower.includes('xn--')) return lower;
  } else if (hasRefusedAscii(lower)) return null;
  const ascii = domainToASCII(lower);
  return plainName.test(ascii) ? ascii : null;
}

// domainToASCII percent-decodes and drops tabs and line breaks, so those must never reach it.
function hasRefusedAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80 && !plainName.test(text.charAt(i))) return true;
  }
  return false;
}

function canonicalIpv4(text: string): NormalHost | null {
  const ip = parseIp(text);
  return ip?.family === 4 ? { host: text, kind: 'ipv4' } : null;
}

function normalizeIpv6(text: string): NormalHost | null {
  const bracketed = text.startsWith('[') && text.endsWith(']');
  const ip = parseIp(bracketed ? text.slice(1, -1) : text);
  return ip?.family === 6 ? { host: formatIp(ip), kind: 'ipv6' } : null;
}
