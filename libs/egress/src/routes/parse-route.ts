import type { Route } from '../contracts.ts';
import { routeSchema } from '../contracts.ts';
import { EgressError } from '../errors.ts';
import { routeProblems } from './route-problems.ts';

/** Maps a route to its table fields, always all of them and in one order; `parseRoute` is the way back. */
export function routeToFields(route: Route): Record<string, unknown> {
  const { auth, git, dlp } = route;
  return {
    host: route.host,
    ports: [...route.ports],
    scheme: route.scheme,
    path_allowlist: [...route.path_allowlist],
    methods: [...route.methods],
    auth: auth && { scheme: auth.scheme, slot: auth.slot, header: auth.header, username: auth.username },
    authorization: route.authorization,
    agent_headers: [...route.agent_headers],
    env_secrets: [...route.env_secrets],
    git: { fetch: git.fetch },
    dlp: { outbound: [...dlp.outbound], inbound: [...dlp.inbound], on_match: dlp.on_match },
    address_allowlist: [...route.address_allowlist],
    owner: route.owner,
    expires_at: route.expires_at,
    inject: route.inject,
  };
}

export type RouteCheck = { readonly route: Route } | { readonly problems: readonly string[] };

/** Checks one row's shape and meaning; every problem at once, each starting with the field. */
export function checkRoute(fields: unknown): RouteCheck {
  const parsed = routeSchema.safeParse(fields);
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'route'}: ${issue.message}`),
    };
  }
  const problems = routeProblems(parsed.data);
  return problems.length === 0 ? { route: parsed.data } : { problems };
}

/**
 * Parses the table fields of one route.
 *
 * @throws EgressError `invalid_route` with all problems
 */
export function parseRoute(fields: unknown): Route {
  const check = checkRoute(fields);
  if ('route' in check) return check.route;
  throw new EgressError('invalid_route', `invalid route: ${check.problems.join('; ')}`, {
    problems: check.problems,
  });
}
