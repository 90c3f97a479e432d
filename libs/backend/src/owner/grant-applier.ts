import { isIP } from 'node:net';
import { matchHost, type RouteTable } from '@bot-bottle/egress';
import { normalizeHost } from '@bot-bottle/manifest';
import {
  canonicalJson,
  grantSchema,
  grantText,
  lentCredential,
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
      // What reach means depends on what there is already.
      if ((decision.table ?? null) === null)
        throw new SuperviseError(
          'changed',
          'a decision on reach names the routes that were shown beside it',
          {
            hint: 'look at it again',
          },
        );
    },
    apply: async ({ request }, decision, { signal }): Promise<Applied> => {
      const grant = grantOf(request, decision);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(APPLY_MS)]);
      const make = (): RouteTable => {
        // Again: other changes may have been made since the review.
        checkReach(routes, grant, 'invalid_grant');
        return routes.withGrant(grant);
      };
      await routes.change(decision.table ?? null, make, limit);
      return { outcome: isAsAsked(request, grant) ? 'approved' : 'modified', text: grantText(grant), grant };
    },
  };
}

/** What a request of the agent may hold in a path (RFC 3986): anything else matches nothing, and only misleads. */
const pathText = /^[\x21-\x7e]+$/;

/** What a grant may never be, whoever asks. */
function checkReach(routes: LiveRoutes, asked: Grant, code: 'invalid_proposal' | 'invalid_grant'): void {
  const parsed = grantSchema.safeParse(asked);
  if (!parsed.success) {
    const fields = new Set(parsed.error.issues.map(({ path }) => path.join('.')));
    throw new SuperviseError(code, `not a grant: ${[...fields].slice(0, 10).join(', ').slice(0, 500)}`);
  }
  const problem = reachProblem(parsed.data, routes.view.table);
  if (problem !== null) throw new SuperviseError(code, problem);
  try {
    routes.withGrant(parsed.data);
  } catch (error) {
    if (!SuperviseError.isInstance(error)) throw error;
    throw new SuperviseError(code, error.message, { cause: error });
  }
}

/** A name only: an address needs `address_allowlist`, and that is the operator's to write. */
function reachProblem(
  { host, ports, path_allowlist: paths, inject }: Grant,
  table: RouteTable,
): string | null {
  if (isIP(host.replace(/^\*\./, '')) !== 0)
    return 'host: an IP address takes no grant; its route belongs into the manifest, with address_allowlist';
  if (normalizeHost(host) !== host)
    return 'host: not a host name in its normal form, or a wildcard that is too broad';
  const provided = table.routes.find(
    (route) =>
      route.owner === 'provider' &&
      (route.host === host || matchHost(route.host, host) || matchHost(host, route.host)),
  );
  if (provided !== undefined) return `host: ${provided.host} belongs to the provider, which takes no grants`;
  if (!paths.every((path) => pathText.test(path)))
    return 'path_allowlist: a path holds a character that no path of a request has';
  const idle = idleReason(host, ports, table);
  if (idle !== null) return idle;
  if (!inject) return null;
  if (ports.every((port) => port === 80)) return 'inject: a credential travels only over TLS';
  return lentCredential(host, table) === null ? `inject: no route of ${host} has a credential` : null;
}

/** Why a grant would open nothing, null: it does. Whoever approves it, and the agent, would think that it did. */
function idleReason(host: string, ports: readonly number[], table: RouteTable): string | null {
  const decides = table.routes.find(
    (route) =>
      route.owner !== 'grant' && host.startsWith('*.') && route.host !== host && matchHost(route.host, host),
  );
  if (decides !== undefined)
    return `host: the route ${decides.host} decides there; a grant is for that pattern or for one host`;
  return ports.every((port) => port === 80) && lentCredential(host, table) !== null
    ? `ports: the route of ${host} has a credential and takes nothing in plaintext`
    : null;
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
