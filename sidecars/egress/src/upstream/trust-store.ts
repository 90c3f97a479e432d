import { createSecureContext, getCACertificates, rootCertificates } from 'node:tls';
import type { SecureContext } from 'node:tls';

/**
 * What upstream certificates are checked against: the system's roots (Node's own when the system has none, as in a
 * slim image) and the operator's extra CA.
 */
export function trustStore(extraCa: string | null): SecureContext {
  const system = getCACertificates('system');
  const roots = system.length > 0 ? system : [...rootCertificates];
  return createSecureContext({ ca: extraCa === null ? roots : [...roots, extraCa], minVersion: 'TLSv1.2' });
}
