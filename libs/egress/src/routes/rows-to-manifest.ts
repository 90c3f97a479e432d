import type { RouteManifest } from '@bot-bottle/manifest';
import type { Route } from '../contracts.ts';
import { EgressError } from '../errors.ts';
import { defaultDlp } from './default-dlp.ts';
import type { TokenSlot } from './token-slots.ts';

/**
 * The rows of a manifest as its routes again, one a host: the way back from `buildRoutes`. Detectors that are the default
 * are left to be it; what the table does not hold (`pipelock`) has its default.
 *
 * @param rows of a table; those of other owners are left out
 * @param slots which host variable each slot holds
 * @throws EgressError `invalid_route` for a slot that is not among them
 */
export function rowsToManifest(rows: readonly Route[], slots: readonly TokenSlot[]): RouteManifest[] {
  const routes = new Map<string, RouteManifest>();
  for (const row of rows) {
    if (row.owner !== 'manifest') continue;
    const known = routes.get(row.host);
    const route = toManifest(row, slots);
    routes.set(row.host, known === undefined ? route : { ...known, ports: [...known.ports, ...route.ports] });
  }
  return [...routes.values()];
}

function toManifest(row: Route, slots: readonly TokenSlot[]): RouteManifest {
  return {
    host: row.host,
    ports: [...row.ports],
    pathAllowlist: [...row.path_allowlist],
    methods: [...row.methods],
    auth: authOf(row, slots),
    authorization: row.authorization,
    agentHeaders: [...row.agent_headers],
    envSecrets: [...row.env_secrets],
    git: { fetch: row.git.fetch },
    dlp: dlpOf(row),
    addressAllowlist: [...row.address_allowlist],
    pipelock: { tlsPassthrough: false },
  };
}

function authOf({ auth, host }: Route, slots: readonly TokenSlot[]): RouteManifest['auth'] {
  if (auth === null) return null;
  const held = slots.find(({ slot }) => slot === auth.slot);
  if (held === undefined) {
    throw new EgressError('invalid_route', `${host}: nothing is known of the slot ${auth.slot}`, {
      problems: [`auth: nothing is known of the slot ${auth.slot}`],
    });
  }
  return {
    scheme: auth.scheme,
    tokenRef: held.tokenRef,
    header: auth.header,
    username: auth.username,
    wildcard: host.startsWith('*.'),
  };
}

function dlpOf({ dlp }: Route): RouteManifest['dlp'] {
  const defaults = defaultDlp('manifest');
  return {
    outbound: isSame(dlp.outbound, defaults.outbound) ? null : [...dlp.outbound],
    inbound: isSame(dlp.inbound, defaults.inbound) ? null : [...dlp.inbound],
    onMatch: dlp.on_match === defaults.on_match ? null : dlp.on_match,
  };
}

const isSame = (a: readonly string[], b: readonly string[]): boolean => a.join(' ') === b.join(' ');
