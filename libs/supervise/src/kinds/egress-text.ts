import { visibleLine } from '@bot-bottle/audit';
import { matchHost, type Route, type RouteTable } from '@bot-bottle/egress';
import type { ProposalRequest } from '../proposal.ts';
import { becauseLines, field, list, whole } from '../text-lines.ts';
import type { Grant } from './egress-schema.ts';

export type EgressBlock = Extract<ProposalRequest, { kind: 'egress-block' }>;

export function egressTitle(request: EgressBlock): string {
  return `reach ${grantText({ ...request, inject: false })}`;
}

/** A grant in one visible line of bounded length; of many paths and methods it names the first. */
export function grantText(grant: Grant): string {
  const ports = grant.ports.length === 1 && grant.ports[0] === 443 ? '' : `:${grant.ports.join(',')}`;
  const methods = grant.methods.length === 0 ? 'every method' : firstOf(grant.methods, 8);
  const paths = isEveryPath(grant) ? 'every path' : firstOf(grant.path_allowlist, 3);
  const inject = grant.inject ? ', with the credential of its route' : '';
  return `${visibleLine(grant.host, 253)}${ports} (${methods}, ${paths}) ${timeText(grant.minutes)}${inject}`;
}

/** A path allows everything below it, and below `/` is all of the host. */
export const isEveryPath = ({ path_allowlist: paths }: Pick<Grant, 'path_allowlist'>): boolean =>
  paths.length === 0 || paths.includes('/');

function firstOf(texts: readonly string[], most: number): string {
  const first = texts.slice(0, most).map((text) => visibleLine(text, 90));
  const more = texts.length - first.length;
  return `${first.join(' ')}${more === 0 ? '' : ` and ${more} more`}`;
}

/** Exact, so that no other time looks the same. */
export function timeText(minutes: number | null): string {
  if (minutes === null) return 'until the bottle ends';
  if (minutes === 1) return 'for a minute';
  const seconds = Math.round(minutes * 60);
  return seconds > 0 && seconds < 60 && seconds / 60 === minutes
    ? `for ${seconds} seconds`
    : `for ${minutes} minutes`;
}

export function egressLines(request: EgressBlock, table: RouteTable | null): string[] {
  return [
    field('host', whole(request.host)),
    field('ports', request.ports.join(' ')),
    field('methods', request.methods.length === 0 ? 'every method' : request.methods.map(whole).join(' ')),
    ...list(
      'paths',
      request.path_allowlist.length === 0
        ? ['every path']
        : [...request.path_allowlist.map(whole), '(and everything below)'],
    ),
    field('time', timeText(request.minutes)),
    ...(table === null ? [] : list('now', nowLines(request.host, table))),
    // Last, so that nothing that counts comes after what the agent says.
    ...list('because', becauseLines(request.justification)),
  ];
}

/** Rows of a table that say something about a host, or about hosts that a wildcard covers. */
export function rowsFor(host: string, table: RouteTable): readonly Route[] {
  return table.routes.filter(
    (route) => route.host === host || matchHost(route.host, host) || matchHost(host, route.host),
  );
}

function nowLines(host: string, table: RouteTable): string[] {
  const rows = rowsFor(host, table);
  if (rows.length === 0) return ['none for this host'];
  return rows.map((route) => {
    const methods = route.methods.length === 0 ? 'every method' : route.methods.join(' ');
    const paths =
      route.path_allowlist.length === 0 ? 'every path' : route.path_allowlist.map(whole).join(' ');
    const auth = route.auth === null ? '' : `, credential ${route.auth.slot}`;
    return `${whole(route.host)}:${route.ports.join(',')} (${methods}, ${paths}${auth}) by ${route.owner}`;
  });
}
