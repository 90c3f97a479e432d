import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { EgressConfig } from '@bot-bottle/egress';
import { isPassedThrough } from '@bot-bottle/pipelock';
import type { CorporateProxy, GuardRefusals } from './dial-proxy.ts';

export interface Guard {
  readonly proxy: CorporateProxy;
  /**
   * Roots for a host whose TLS the guard opens: its own CA alone, so that a tunnel that it did not open is not used. Null
   * for a host whose TLS stays closed: what carries a credential never trusts its CA.
   */
  readonly opened: (host: string) => SecureContext | null;
}

/** pipelock answers 403 for what it does not allow, and 429 when its own limits are reached. */
const refusals: GuardRefusals = {
  unreachable: 'guard_unavailable',
  status: (status) => {
    if (status === 403) return 'guard_denied';
    return status === 429 ? 'limit_exceeded' : 'upstream_unreachable';
  },
};

/** The guard of a configuration. */
export function guardOf(settings: NonNullable<EgressConfig['guard']>): Guard {
  const url = new URL(settings.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const roots = createSecureContext({ ca: settings.ca, minVersion: 'TLSv1.2' });
  return {
    proxy: {
      host,
      port: url.port === '' ? 80 : Number(url.port),
      tls: false,
      credentials: null,
      refusals,
      // it is on this machine: nothing is asked where it is
      resolve: () => (isIP(host) === 0 ? [] : [host]),
    },
    opened: (name) => (isPassedThrough(settings.passthrough_domains, name) ? null : roots),
  };
}
