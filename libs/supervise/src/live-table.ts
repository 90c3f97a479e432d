import { isLive, type RouteTable } from '@bot-bottle/egress';

/** A table without the grants that have ended; null: not known. */
export function liveTable(table: RouteTable | null, now: number | null): RouteTable | null {
  if (table === null || now === null) return table;
  return { ...table, routes: table.routes.filter((route) => isLive(route, now)) };
}
