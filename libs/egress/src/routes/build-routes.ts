import { inboundDetectors, outboundDetectors } from '@bot-bottle/dlp';
import { normalizePath } from '@bot-bottle/manifest';
import type { EffectiveRoutes, Route, RouteDlp, RouteRequest } from '../contracts.ts';
import { EgressError } from '../errors.ts';
import { normalizeHostPattern } from '../hosts/match-host.ts';
import { defaultDlp } from './default-dlp.ts';
import { checkRoute } from './parse-route.ts';
import { createTokenSlots } from './token-slots.ts';
import type { TokenSlot, TokenSlots } from './token-slots.ts';

type Owner = 'provider' | 'manifest';

// Plaintext is told from TLS by the port (chapter 01, egress.routes[].ports).
const plaintextPort = 80;

/**
 * Merges the routes of a provider and of a manifest: provider routes first, manifest routes for the hosts that no
 * provider route names, one token slot per distinct reference. A request with port 80 among others becomes two rows.
 *
 * @param fixedSlots slots of a running sidecar that keep their meaning
 * @throws EgressError `invalid_route` with every problem of every request, or `slot_conflict`
 */
export function buildRoutes(
  providerRoutes: readonly RouteRequest[],
  manifestRoutes: readonly RouteRequest[],
  fixedSlots: readonly TokenSlot[] = [],
): EffectiveRoutes {
  const slots = createTokenSlots(fixedSlots);
  const problems: string[] = [];
  const routes: Route[] = [];
  const droppedHosts: string[] = [];
  const owners = new Map<string, Owner>();

  function add(owner: Owner, request: RouteRequest): void {
    const host = normalizeHostPattern(request.host) ?? request.host;
    const other = owners.get(host);
    if (other === 'provider' && owner === 'manifest') {
      droppedHosts.push(host);
      return;
    }
    if (other !== undefined) problems.push(`${owner} route ${host}: the host has two routes`);
    owners.set(host, owner);
    for (const fields of toRows(owner, host, request, slots)) {
      const check = checkRoute(fields);
      if ('route' in check) routes.push(check.route);
      else problems.push(...check.problems.map((problem) => `${owner} route ${host}: ${problem}`));
    }
  }

  for (const request of providerRoutes) add('provider', request);
  for (const request of manifestRoutes) add('manifest', request);
  if (problems.length > 0) {
    throw new EgressError('invalid_route', `invalid routes: ${problems.join('; ')}`, { problems });
  }
  return { table: { version: 1, routes }, slots: slots.list(), droppedHosts };
}

function toRows(owner: Owner, host: string, request: RouteRequest, slots: TokenSlots): unknown[] {
  const ports = [...new Set(request.ports ?? [443])];
  const secure = ports.filter((port) => port !== plaintextPort);
  const fields = { ...commonFields(request, owner), host, auth: authFields(request, slots) };
  const rows: unknown[] = [];
  if (secure.length > 0 || ports.length === 0) rows.push({ ...fields, scheme: 'https', ports: secure });
  if (secure.length < ports.length) rows.push({ ...fields, scheme: 'http', ports: [plaintextPort] });
  return rows;
}

function commonFields(
  request: RouteRequest,
  owner: Owner,
): Omit<Route, 'host' | 'ports' | 'scheme' | 'auth'> {
  return {
    path_allowlist: (request.pathAllowlist ?? []).map(normalPrefix),
    methods: [...(request.methods ?? [])],
    authorization: request.authorization ?? 'strip',
    agent_headers: (request.agentHeaders ?? []).map((name) => name.toLowerCase()),
    env_secrets: [...(request.envSecrets ?? [])],
    git: { fetch: request.git?.fetch ?? false },
    dlp: dlpFields(request, owner),
    address_allowlist: [...(request.addressAllowlist ?? [])],
    owner,
    expires_at: null,
    inject: false,
  };
}

/** A prefix in the form that paths are compared in; one that has none is left for the check to name. */
function normalPrefix(prefix: string): string {
  const normal = normalizePath(prefix);
  return normal.ok && normal.query === null ? normal.path : prefix;
}

function authFields(request: RouteRequest, slots: TokenSlots): Route['auth'] {
  const { auth } = request;
  if (auth === null || auth === undefined) return null;
  return {
    scheme: auth.scheme,
    slot: slots.slotOf(auth.tokenRef),
    header: auth.header ?? null,
    username: auth.username ?? null,
  };
}

function dlpFields(request: RouteRequest, owner: Owner): RouteDlp {
  const defaults = defaultDlp(owner);
  return {
    outbound: detectors(request.dlp?.outbound, outboundDetectors) ?? defaults.outbound,
    inbound: detectors(request.dlp?.inbound, inboundDetectors) ?? defaults.inbound,
    on_match: request.dlp?.onMatch ?? defaults.on_match,
  };
}

/** @throws EgressError `invalid_route` for a detector that does not exist: leaving it out would scan less than asked */
function detectors<Name extends string>(
  asked: readonly string[] | null | undefined,
  known: readonly Name[],
): Name[] | null {
  if (asked === null || asked === undefined) return null;
  return asked.map((name) => {
    const found = known.find((candidate) => candidate === name);
    if (found === undefined)
      throw new EgressError('invalid_route', `dlp: ${JSON.stringify(name)} is not a detector`);
    return found;
  });
}
