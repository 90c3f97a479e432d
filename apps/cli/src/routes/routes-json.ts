import type { RoutesView } from '@bot-bottle/backend';
import { isLive, type Route } from '@bot-bottle/egress';

/** A row in force, as `routes --json` prints it. */
export interface RouteJson {
  readonly host: string;
  readonly ports: readonly number[];
  /** `http`: plaintext on port 80 */
  readonly scheme: 'https' | 'http';
  /** [] allows every method */
  readonly methods: readonly string[];
  /** [] allows every path */
  readonly path_allowlist: readonly string[];
  /** `token_ref` is the host variable that it was read from; null: no credential */
  readonly auth: {
    readonly scheme: string;
    readonly token_ref: string | null;
    readonly header: string | null;
    readonly username: string | null;
  } | null;
  readonly authorization: 'strip' | 'agent';
  readonly agent_headers: readonly string[];
  readonly env_secrets: readonly string[];
  readonly git: { readonly fetch: boolean };
  readonly dlp: Route['dlp'];
  readonly address_allowlist: readonly string[];
  readonly owner: 'provider' | 'manifest' | 'grant';
  /** of a grant: whether the credential of the host's row is added */
  readonly with_credential: boolean;
  /** null: as long as the bottle lives */
  readonly expires_in_seconds: number | null;
}

/** What `routes --json` prints: stable; keys are added, never changed. */
export interface RoutesJson {
  readonly bottle: string;
  /** SHA-256 of the route table */
  readonly digest: string;
  readonly routes: readonly RouteJson[];
}

export function routesJson(bottle: string, view: RoutesView): RoutesJson {
  return { bottle, digest: view.digest, routes: liveRows(view).map((route) => routeJson(route, view)) };
}

/** Rows that did not end. */
export function liveRows({ table, now }: RoutesView): Route[] {
  return table.routes.filter((route) => isLive(route, now));
}

function routeJson(route: Route, { slots, now }: RoutesView): RouteJson {
  const { auth } = route;
  return {
    host: route.host,
    ports: route.ports,
    scheme: route.scheme,
    methods: route.methods,
    path_allowlist: route.path_allowlist,
    auth: auth && {
      scheme: auth.scheme,
      token_ref: slots.find(({ slot }) => slot === auth.slot)?.tokenRef ?? null,
      header: auth.header,
      username: auth.username,
    },
    authorization: route.authorization,
    agent_headers: route.agent_headers,
    env_secrets: route.env_secrets,
    git: route.git,
    dlp: route.dlp,
    address_allowlist: route.address_allowlist,
    owner: route.owner,
    with_credential: route.inject,
    expires_in_seconds: route.expires_at === null ? null : Math.ceil((route.expires_at - now) / 1000),
  };
}
