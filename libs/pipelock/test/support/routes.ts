import { buildRoutes, type Route, type RouteRequest } from '@bot-bottle/egress';

/** Rows of a table, as a provider and a manifest ask for them. */
export function routesOf(
  manifest: readonly RouteRequest[],
  provider: readonly RouteRequest[] = [],
): readonly Route[] {
  return buildRoutes([...provider], [...manifest]).table.routes;
}
