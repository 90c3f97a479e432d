import { z } from 'zod';
import type { GrantManifest, RouteManifest } from './contracts.ts';
import { normalizeGrant } from './normalize/grant.ts';
import { normalizeRoute } from './normalize/route.ts';
import { noCredential } from './parse-grant.ts';
import { parseYamlAs } from './parse-yaml-as.ts';
import { finding } from './rules/finding.ts';
import { normalizeHost } from './rules/host.ts';
import { checked, type PlacedFinding } from './schema/checked.ts';
import { routesSchema } from './schema/egress.ts';
import { grantSchema, type GrantInput } from './schema/grant.ts';
import type { RouteInput } from './schema/route.ts';

/** What the routes of a running bottle are bound to. */
export interface RouteEditLimits {
  /** longest time of a grant */
  readonly maxMinutes: number;
  /** host variables whose values the bottle's egress holds */
  readonly tokenRefs: ReadonlySet<string>;
  /** hosts whose routes belong to the provider */
  readonly providerHosts: ReadonlySet<string>;
}

export interface RouteEdit {
  readonly routes: readonly RouteManifest[];
  readonly grants: readonly GrantManifest[];
}

/**
 * Reads the routes of a running bottle as an operator edited them: `routes` with the keys of a bottle file, and `grants`
 * as `parseGrant` reads them.
 *
 * @throws {ManifestErrors} all problems at once, each with its place
 */
export function parseRouteEdit(
  source: { readonly text: string; readonly file: string },
  limits: RouteEditLimits,
): RouteEdit {
  const shape = z.strictObject({
    routes: routesSchema,
    grants: z.array(grantSchema(limits.maxMinutes)).max(1000).default([]),
  });
  const schema = checked(shape, ({ routes, grants }) => [
    ...routes.flatMap((route, index) => routeFindings(route, ['routes', index], limits)),
    ...grants.flatMap((grant, index) => grantFindings(grant, ['grants', index], routes, limits)),
  ]);
  const { routes, grants } = parseYamlAs(schema, { ...source, entity: 'routes' });
  return { routes: routes.map(normalizeRoute), grants: grants.map(normalizeGrant) };
}

type Place = readonly (string | number)[];

function hostFindings(host: string, at: Place, { providerHosts }: RouteEditLimits): PlacedFinding[] {
  if (!providerHosts.has(normalizeHost(host) ?? host)) return [];
  const found = finding(
    'the routes of this host belong to the provider',
    'they cannot be changed or widened while the bottle runs',
    'conflict',
  );
  return [{ ...found, path: [...at, 'host'] }];
}

function routeFindings(route: RouteInput, at: Place, limits: RouteEditLimits): PlacedFinding[] {
  const found = hostFindings(route.host, at, limits);
  if (route.auth !== undefined && !limits.tokenRefs.has(route.auth.token_ref)) {
    const held = [...limits.tokenRefs].toSorted().join(', ');
    found.push({
      ...finding(
        'this bottle does not hold that credential, and a new one needs a new launch',
        held === '' ? 'it holds none' : `it holds those of ${held}`,
        'conflict',
      ),
      path: [...at, 'auth', 'token_ref'],
    });
  }
  return found;
}

function grantFindings(
  grant: GrantInput,
  at: Place,
  routes: readonly RouteInput[],
  limits: RouteEditLimits,
): PlacedFinding[] {
  const found = hostFindings(grant.host, at, limits);
  const host = normalizeHost(grant.host) ?? grant.host;
  const hasAuth = baseOf(host, routes)?.auth !== undefined;
  if (grant.with_credential && !hasAuth) {
    found.push({ ...noCredential, path: [...at, 'with_credential'] });
  }
  return found;
}

/** The route that a grant stands beside: that of its host, else that of the longest wildcard that covers it. */
function baseOf(host: string, routes: readonly RouteInput[]): RouteInput | undefined {
  const named = routes.map((route) => ({ route, pattern: normalizeHost(route.host) ?? route.host }));
  const covering = named.filter(
    ({ pattern }) =>
      pattern === host ||
      (!host.startsWith('*.') && pattern.startsWith('*.') && host.endsWith(pattern.slice(1))),
  );
  const exact = covering.find(({ pattern }) => pattern === host);
  const longest = covering.toSorted((a, b) => b.pattern.length - a.pattern.length)[0];
  return (exact ?? longest)?.route;
}
