import { buildRoutes, decide, parseTable } from '@bot-bottle/egress';
import type { Decision, Route, RouteRequest, RouteTable, Via } from '@bot-bottle/egress';
import { head } from './heads.ts';

export function table(manifest: readonly RouteRequest[], provider: readonly RouteRequest[] = []): RouteTable {
  return buildRoutes(provider, manifest).table;
}

/** A grant as the approval of a proposal would make it. */
export function grant(fields: Partial<Route> & { readonly host: string }): Route {
  return {
    ports: [443],
    scheme: 'https',
    path_allowlist: [],
    methods: [],
    auth: null,
    authorization: 'strip',
    agent_headers: [],
    env_secrets: [],
    git: { fetch: false },
    dlp: { outbound: [], inbound: [], on_match: 'block' },
    address_allowlist: [],
    owner: 'grant',
    expires_at: 1_000_000,
    inject: false,
    ...fields,
  };
}

export function withGrants(base: RouteTable, ...grants: readonly Route[]): RouteTable {
  return parseTable({ version: 1, routes: [...base.routes, ...grants] });
}

export function tunnel(host: string, port = 443, options: { tls?: boolean; sni?: string | null } = {}): Via {
  return {
    kind: 'tunnel',
    host,
    port,
    tls: options.tls ?? true,
    sni: options.sni === undefined ? host : options.sni,
  };
}

/** Decides on `METHOD path` inside a TLS tunnel to `host`. */
export function ask(
  routes: RouteTable,
  host: string,
  line: string,
  extra: readonly string[] = [],
  now = 0,
): Decision {
  const request = head(`${line} HTTP/1.1`, `Host: ${host}`, ...extra);
  return decide(routes, { head: request, via: tunnel(host) }, now);
}

/** Decides on a plaintext request sent straight to the proxy. */
export function askProxy(routes: RouteTable, url: string, host: string, method = 'GET', now = 0): Decision {
  return decide(
    routes,
    { head: head(`${method} ${url} HTTP/1.1`, `Host: ${host}`), via: { kind: 'proxy' } },
    now,
  );
}

/** `allow`, `local` or the denial code. */
export function verdict(decision: Decision): string {
  return decision.kind === 'deny' ? decision.code : decision.kind;
}
