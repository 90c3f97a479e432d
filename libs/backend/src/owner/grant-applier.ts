import { normalizeHost } from '@bot-bottle/manifest';
import { isIP } from 'node:net';
import {
  canonicalJson,
  grantText,
  SuperviseError,
  type Applied,
  type DecideRequest,
  type Grant,
  type ProposalApplier,
  type ProposalRequest,
} from '@bot-bottle/supervise';
import type { LiveRoutes } from './live-routes.ts';

type EgressBlock = Extract<ProposalRequest, { kind: 'egress-block' }>;

/** Milliseconds that egress gets to confirm a table. */
const APPLY_MS = 15_000;

/** Gives the reach that an agent asks for, by a grant in the route table. */
export function grantApplier(routes: LiveRoutes): ProposalApplier {
  return {
    check: (request) => {
      if (request.kind === 'egress-block') checkReach(routes, askedFor(request), 'invalid_proposal');
    },
    review: ({ request }, decision) => {
      routes.expect(decision.table ?? null);
      checkReach(routes, grantOf(request, decision), 'invalid_grant');
    },
    apply: async ({ request }, decision, { signal }): Promise<Applied> => {
      const grant = grantOf(request, decision);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(APPLY_MS)]);
      await routes.change(decision.table ?? null, () => routes.withGrant(grant), limit);
      return { outcome: isAsAsked(request, grant) ? 'approved' : 'modified', text: grantText(grant), grant };
    },
  };
}

/**
 * What a grant may never be, whoever asks. A name only: an address needs `address_allowlist`, and that is the
 * operator's to write.
 */
function checkReach(routes: LiveRoutes, grant: Grant, code: 'invalid_proposal' | 'invalid_grant'): void {
  const name = grant.host.replace(/^\*\./, '');
  if (normalizeHost(grant.host) !== grant.host || isIP(name) !== 0) {
    throw new SuperviseError(
      code,
      isIP(name) === 0
        ? 'host: not a host name in its normal form, or a wildcard that is too broad'
        : 'host: an IP address takes no grant; its route belongs into the manifest, with address_allowlist',
    );
  }
  try {
    routes.withGrant(grant);
  } catch (error) {
    if (!SuperviseError.isInstance(error)) throw error;
    throw new SuperviseError(code, error.message, { cause: error });
  }
}

function grantOf(request: ProposalRequest, { grant = null }: DecideRequest): Grant {
  if (request.kind !== 'egress-block') throw new SuperviseError('invalid_grant', 'this asks for no reach');
  return grant ?? askedFor(request);
}

function askedFor({ host, ports, path_allowlist: paths, methods, minutes }: EgressBlock): Grant {
  return { host, ports, path_allowlist: paths, methods, minutes, inject: false };
}

/** Another time is not another reach. */
function isAsAsked(request: ProposalRequest, grant: Grant): boolean {
  if (request.kind !== 'egress-block') return false;
  const reach = (each: Grant): string => canonicalJson({ ...each, minutes: null });
  return reach(askedFor(request)) === reach(grant);
}
