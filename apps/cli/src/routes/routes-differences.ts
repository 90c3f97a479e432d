import { routeToFields, type Route, type RouteTable } from '@bot-bottle/egress';
import { canonicalJson } from '@bot-bottle/supervise';
import { routeLine } from './route-line.ts';

/** Most lines; a human sees by then that it is another table. */
const MAX_DIFFERENCES = 50;

/** What differs between the routes as they were shown and as they are, one visible line each; [] when nothing does. */
export function routesDifferences(shown: RouteTable, now: RouteTable): string[] {
  const [before, after] = [rows(shown), rows(now)];
  const missing = (from: ReadonlyMap<string, Route>, other: ReadonlyMap<string, Route>): Route[] =>
    [...from].flatMap(([key, route]) => (other.has(key) ? [] : [route]));
  const lines = [
    ...missing(before, after).map((route) => `not any more: ${lineOf(route)}`),
    ...missing(after, before).map((route) => `new: ${lineOf(route)}`),
  ];
  const isReordered = lines.length === 0 && [...before.keys()].join('\n') !== [...after.keys()].join('\n');
  return isReordered ? ['the order of the routes is another one'] : lines.slice(0, MAX_DIFFERENCES);
}

const rows = ({ routes }: RouteTable): Map<string, Route> =>
  new Map(routes.map((route) => [canonicalJson(routeToFields(route)), route]));

const lineOf = (route: Route): string =>
  route.expires_at === null ? routeLine(route) : `${routeLine(route)} until ${endOf(route.expires_at)}`;

/** A table may hold any number. */
function endOf(expiresAt: number): string {
  const end = new Date(expiresAt);
  return Number.isNaN(end.getTime()) ? String(expiresAt) : end.toISOString();
}
