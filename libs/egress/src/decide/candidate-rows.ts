import type { Route, RouteTable } from '../contracts.ts';
import { bestPattern, matchHost } from '../hosts/match-host.ts';
import { isLive } from '../routes/is-live.ts';

export interface Row {
  readonly route: Route;
  readonly index: number;
  readonly rule: string;
}

export interface Candidates {
  /** rows that may allow a request to the host, base rows first, in table order; never empty */
  readonly rows: readonly Row[];
  /** whether a human can be asked to widen them */
  readonly grantable: boolean;
}

/** The id under which a row appears in denials and audit events. */
export function ruleId(route: Route, index: number): string {
  return route.owner === 'grant' ? `grant:${route.host}#${index}` : `${route.owner}:${route.host}`;
}

// Only hosts with a row are remembered; the limit is for wildcards, whose hosts the agent chooses.
const maxRemembered = 1024;
const remembered = new WeakMap<RouteTable, Map<string, Candidates>>();

/**
 * The live rows for a host, null when there are none. The base rows are those of the best pattern; a grant joins when
 * it names the host or the base row's own pattern, so that it widens neither a more exact route nor a provider's.
 */
export function candidateRows(table: RouteTable, host: string, now: number): Candidates | null {
  const known = remembered.get(table) ?? new Map<string, Candidates>();
  remembered.set(table, known);
  let found = known.get(host);
  if (found === undefined) {
    const selected = selectRows(table, host);
    if (selected === null) return null;
    if (known.size >= maxRemembered) known.clear();
    known.set(host, selected);
    found = selected;
  }
  if (found.rows.every((row) => row.route.expires_at === null)) return found;
  const rows = found.rows.filter((row) => isLive(row.route, now));
  return rows.length === 0 ? null : { rows, grantable: found.grantable };
}

function selectRows(table: RouteTable, host: string): Candidates | null {
  const rows = table.routes.map((route, index): Row => ({ route, index, rule: ruleId(route, index) }));
  const bases = rows.filter((row) => row.route.owner !== 'grant');
  const pattern = bestPattern(
    bases.map((row) => row.route.host),
    host,
  );
  const base = bases.filter((row) => row.route.host === pattern);
  if (base.some((row) => row.route.owner === 'provider')) return { rows: base, grantable: false };
  const grants = rows.filter(
    (row) => row.route.owner === 'grant' && grantApplies(row.route.host, host, pattern),
  );
  const selected = [...base, ...grants];
  return selected.length === 0 ? null : { rows: selected, grantable: true };
}

function grantApplies(granted: string, host: string, basePattern: string | null): boolean {
  if (granted === host || granted === basePattern) return true;
  return basePattern === null && matchHost(granted, host);
}
