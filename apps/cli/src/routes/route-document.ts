import type { RoutesView } from '@bot-bottle/backend';
import { rowsToGrants, rowsToManifest, type TimedGrant } from '@bot-bottle/egress';
import { renderYaml, routeKeys, type RouteManifest } from '@bot-bottle/manifest';
import type { Grant } from '@bot-bottle/supervise';
import { comment, grantKeys } from '../supervise/grant-document.ts';
import { routeLine } from './route-line.ts';
import { liveRows } from './routes-json.ts';

/** A grant of a table with the time that is shown for it. */
export interface ShownGrant extends TimedGrant {
  /** left when it was shown, hundredths are rounded; null: until the bottle ends */
  readonly minutes: number | null;
}

/** Routes and grants that an operator may edit. */
export interface Editable {
  readonly routes: readonly RouteManifest[];
  readonly grants: readonly ShownGrant[];
}

/** @throws EgressError for a table that does not go with its slots */
export function editableOf(view: RoutesView): Editable {
  return {
    routes: rowsToManifest(view.table.routes, view.slots),
    grants: rowsToGrants(liveRows(view)).map((each) => ({
      ...each,
      minutes: each.expiresAt === null ? null : minutesLeft(each.expiresAt - view.now),
    })),
  };
}

const minutesLeft = (ms: number): number => Math.max(0.01, Math.round(ms / 600) / 100);

/** Routes and grants as YAML. */
export function routesYaml(routes: readonly RouteManifest[], grants: readonly Grant[]): string {
  return renderYaml({ routes: routes.map(routeKeys), grants: grants.map(grantKeys) });
}

/** What the editor shows: the YAML under comments that explain it. */
export function routesDocument(bottle: string, view: RoutesView, { routes, grants }: Editable): string {
  const fixed = liveRows(view).filter(({ owner }) => owner === 'provider');
  const lines = [
    `Routes of ${bottle} while it runs; its file is not changed. Leave this as it is to change nothing.`,
    'routes have the keys of a bottle file. Credentials are those that the bottle was launched with:',
    view.slots.length === 0 ? '  none' : `  ${view.slots.map(({ tokenRef }) => tokenRef).join(' ')}`,
    'grants: methods and path_allowlist [] allow every one; minutes: null lasts until the bottle ends.',
    ...(fixed.length === 0 ? [] : ['', 'Routes of the provider, which cannot be changed:']),
    ...fixed.map((route) => `  ${routeLine(route)}`),
    '',
  ];
  return lines.map(comment).join('') + routesYaml(routes, grants.map(grantWithTime));
}

export const grantWithTime = ({ grant, minutes }: ShownGrant): Grant => ({
  host: grant.host,
  ports: [...grant.ports],
  path_allowlist: [...grant.path_allowlist],
  methods: [...grant.methods],
  inject: grant.inject,
  minutes,
});
