import { normalizeHost } from '../hosts/normalize-host.ts';
import { deny } from './decision.ts';
import type { DenyDecision } from './decision.ts';

/** What the first bytes of a tunnel look like; `more` while that cannot be said yet. */
export type FirstBytes = 'tls' | 'http' | 'opaque' | 'more';

// "PRI " opens HTTP/2 with prior knowledge; it is taken as HTTP so that it gets a readable refusal.
const requestLine = /^[A-Z][A-Z-]{0,31}(?: |$)/;

/** Tells TLS (a handshake record, RFC 8446 5.1) from HTTP by the first bytes. */
export function sniffTunnel(bytes: Buffer): FirstBytes {
  if (bytes.length === 0) return 'more';
  if (bytes[0] === 0x16) {
    if (bytes.length < 3) return 'more';
    return bytes[1] === 0x03 && (bytes[2] ?? 0xff) <= 0x04 ? 'tls' : 'opaque';
  }
  const start = bytes.toString('latin1', 0, 33);
  if (!requestLine.test(start)) return 'opaque';
  return start.includes(' ') ? 'http' : 'more';
}

/**
 * Step 6 of the decision as far as the tunnel itself goes: a server name other than the CONNECT host is `misdirected`;
 * plaintext is for port 80 and for ports of plaintext routes, and anything else is an `opaque_tunnel`.
 *
 * @param schemes of the rows that allowed the CONNECT
 * @returns null when the tunnel may go on
 */
export function decideTunnel(
  tunnel: { readonly host: string; readonly port: number; readonly schemes?: ReadonlySet<'https' | 'http'> },
  first: { readonly kind: 'tls'; readonly sni: string | null } | { readonly kind: 'http' | 'opaque' },
): DenyDecision | null {
  switch (first.kind) {
    case 'tls':
      return sniAgrees(first.sni, tunnel.host) ? null : deny('misdirected');
    case 'http':
      return tunnel.port === 80 || tunnel.schemes?.has('http') === true ? null : deny('opaque_tunnel');
    case 'opaque':
      return deny('opaque_tunnel');
  }
}

/** A missing server name is fine; one that is not a host is not. */
export function sniAgrees(sni: string | null, host: string): boolean {
  return sni === null || normalizeHost(sni)?.host === host;
}
