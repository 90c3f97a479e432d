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
    const ends = endsOf(edited.grants, shown, now);
    const grants = edited.grants.flatMap((grant) => grantRows(grant, ends.get(grant) ?? null));
    const rows = [...provider, ...built.table.routes, ...grants.filter((row) => isLive(row, now))];
    return parseTable({ version: 1, routes: rows });
  } catch (error) {
    if (!EgressError.isInstance(error)) throw error;
    throw new CliError('refused', `the routes cannot be like that: ${error.problems.join('; ')}`);
  }
}

/** When each grant ends. Those that were left as they were come first, so that a copy of one does not take its end. */
function endsOf(
  grants: readonly Grant[],
  shown: readonly ShownGrant[],
  now: number,
): Map<Grant, number | null> {
  const left = new Set(shown);
  const ends = new Map<Grant, number | null>();
  for (const isFit of [isAlike, isOfSameTime]) {
    for (const grant of grants) {
      const found = ends.has(grant) ? undefined : [...left].find((each) => isFit(each, grant));
      if (found === undefined) continue;
      left.delete(found);
      ends.set(grant, found.expiresAt);
    }
  }
  for (const grant of grants) {
    if (ends.has(grant)) continue;
    ends.set(grant, grant.minutes === null ? null : now + grant.minutes * 60_000);
  }
  return ends;
}

function isOfSameTime({ grant, minutes }: ShownGrant, edited: Grant): boolean {
  return grant.host === edited.host && minutes === edited.minutes;
}

function isAlike(shown: ShownGrant, edited: Grant): boolean {
  const lists = (each: ShownGrant['grant']): string =>
    JSON.stringify([each.ports, each.path_allowlist, each.methods, each.inject]);
  return isOfSameTime(shown, edited) && lists(shown.grant) === lists(edited);
}
