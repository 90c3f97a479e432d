import type { Route, RouteTable } from '../contracts.ts';
import { isLive } from './is-live.ts';

/** A route as an agent may see it: the keys of a manifest, so that it can be sent back as a proposal. */
export interface AllowlistEntry {
  readonly host: string;
  readonly ports: readonly number[];
  readonly path_allowlist: readonly string[];
  readonly methods: readonly string[];
  readonly authorization: Route['authorization'];
  readonly agent_headers: readonly string[];
  readonly env_secrets: readonly string[];
  readonly git: { readonly fetch: boolean };
  readonly dlp: {
    readonly outbound: readonly string[] | false;
    readonly inbound: readonly string[] | false;
    readonly on_match: Route['dlp']['on_match'];
  };
}

export interface AllowlistView {
  readonly routes: readonly AllowlistEntry[];
}

/**
 * What `GET /allowlist` answers. No slot, no reference, no internal address; the two rows of a host that is reachable
 * with and without TLS become one entry again, and expired grants are left out.
 */
export function allowlistView(table: RouteTable, now = 0): AllowlistView {
  const entries = new Map<string, AllowlistEntry>();
  for (const route of table.routes) {
    if (!isLive(route, now)) continue;
    const entry = toEntry(route);
    const key = JSON.stringify({ ...entry, ports: [], owner: route.owner });
    const known = entries.get(key);
    entries.set(key, known === undefined ? entry : { ...known, ports: [...known.ports, ...entry.ports] });
  }
  return { routes: [...entries.values()] };
}

function toEntry(route: Route): AllowlistEntry {
  const { dlp } = route;
  return {
    host: route.host,
    ports: [...route.ports],
    path_allowlist: route.path_allowlist,
    methods: route.methods,
    authorization: route.authorization,
    agent_headers: route.agent_headers,
    env_secrets: route.env_secrets,
    git: { fetch: route.git.fetch },
    dlp: {
      outbound: dlp.outbound.length === 0 ? false : dlp.outbound,
      inbound: dlp.inbound.length === 0 ? false : dlp.inbound,
      on_match: dlp.on_match,
    },
  };
}
