import { createSecureContext, getCACertificates, rootCertificates } from 'node:tls';
import type { SecureContext } from 'node:tls';

/**
 * What upstream certificates are checked against: the system's roots (Node's own when the system has none, as in a
 * slim image) and the operator's extra CA.
 */
export function trustStore(extraCa: string | null): SecureContext {
  // a system keeps each root in a file of its own and all of them in one, and reading one costs 0.1 ms
  const system = [...new Set(getCACertificates('system'))];
  const roots = system.length > 0 ? system : [...rootCertificates];
  return createSecureContext({ ca: extraCa === null ? roots : [...roots, extraCa], minVersion: 'TLSv1.2' });
}
