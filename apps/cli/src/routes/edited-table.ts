import type { RoutesView } from '@bot-bottle/backend';
import {
  buildRoutes,
  EgressError,
  grantRows,
  isLive,
  manifestRouteRequest,
  parseTable,
  type RouteTable,
} from '@bot-bottle/egress';
import type { RouteManifest } from '@bot-bottle/manifest';
import type { Grant } from '@bot-bottle/supervise';
import { CliError } from '../cli-error.ts';
import type { ShownGrant } from './route-document.ts';

export interface EditedRoutes {
  readonly routes: readonly RouteManifest[];
  readonly grants: readonly Grant[];
}

/**
 * The table that an edit makes: the provider's rows as they are, then the routes, then the grants. A grant of a host whose
 * minutes were left alone ends when it did; any other time counts from `now`.
 *
 * @param shown grants as they stood in the editor
 * @param now the owner's time, milliseconds since the epoch
 * @throws CliError `refused` with all that is wrong
 */
export function editedTable(
  view: RoutesView,
  edited: EditedRoutes,
  shown: readonly ShownGrant[],
  now: number,
): RouteTable {
  try {
    const built = buildRoutes([], edited.routes.map(manifestRouteRequest), view.slots);
    const provider = view.table.routes.filter(({ owner }) => owner === 'provider');
    const left = [...shown];
    const grants = edited.grants.flatMap((grant) => grantRows(grant, endOf(grant, left, now)));
    const rows = [...provider, ...built.table.routes, ...grants.filter((row) => isLive(row, now))];
    return parseTable({ version: 1, routes: rows });
  } catch (error) {
    if (!EgressError.isInstance(error)) throw error;
    throw new CliError('refused', `the routes cannot be like that: ${error.problems.join('; ')}`);
  }
}

/** Takes the grant that this one was out of `left`, the most similar one, so that each end is used once. */
function endOf(grant: Grant, left: ShownGrant[], now: number): number | null {
  if (grant.minutes === null) return null;
  const same = left.filter(
    ({ grant: { host }, minutes }) => host === grant.host && minutes === grant.minutes,
  );
  const found = same.find((each) => isAlike(each, grant)) ?? same[0];
  if (found === undefined) return now + grant.minutes * 60_000;
  left.splice(left.indexOf(found), 1);
  return found.expiresAt;
}

function isAlike({ grant: shown }: ShownGrant, grant: Grant): boolean {
  const lists = (each: ShownGrant['grant']): string =>
    JSON.stringify([each.ports, each.path_allowlist, each.methods, each.inject]);
  return lists(shown) === lists(grant);
}
