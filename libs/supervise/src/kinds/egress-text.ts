import { matchHost, type Route, type RouteTable } from '@bot-bottle/egress';
import type { ProposalRequest } from '../proposal.ts';
import { field, list, whole } from '../text-lines.ts';
import type { Grant } from './egress-schema.ts';

export type EgressBlock = Extract<ProposalRequest, { kind: 'egress-block' }>;

export function egressTitle(request: EgressBlock): string {
  return `reach ${grantText({ ...request, inject: false })}`;
}

/** A grant in one visible line. */
export function grantText(grant: Grant): string {
  const ports = grant.ports.length === 1 && grant.ports[0] === 443 ? '' : `:${grant.ports.join(',')}`;
  const methods = grant.methods.length === 0 ? 'every method' : grant.methods.map(whole).join(' ');
  const paths = grant.path_allowlist.length === 0 ? 'every path' : grant.path_allowlist.map(whole).join(' ');
  const inject = grant.inject ? ', with the credential of its route' : '';
  return `${whole(grant.host)}${ports} (${methods}, ${paths}) ${timeText(grant.minutes)}${inject}`;
}

export function timeText(minutes: number | null): string {
  if (minutes === null) return 'until the bottle ends';
  if (minutes < 1) return `for ${Math.round(minutes * 60)} seconds`;
  return minutes === 1 ? 'for a minute' : `for ${Number(minutes.toFixed(1))} minutes`;
}

export function egressLines(request: EgressBlock, table: RouteTable | null): string[] {
  return [
    ...list('because', request.justification.split('\n').map(whole)),
    field('host', whole(request.host)),
    field('ports', request.ports.join(' ')),
    field('methods', request.methods.length === 0 ? 'every method' : request.methods.map(whole).join(' ')),
    ...list(
      'paths',
      request.path_allowlist.length === 0 ? ['every path'] : request.path_allowlist.map(whole),
    ),
    field('time', timeText(request.minutes)),
    ...(table === null ? [] : list('routes now', nowLines(request.host, table))),
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
