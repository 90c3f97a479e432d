import { bestPattern, type Route, type RouteTable } from '@bot-bottle/egress';

/** The base rows that a grant for `host` joins: those of its own host, or of the pattern that it names itself. */
export function joinedRows(host: string, table: RouteTable): readonly Route[] {
  const bases = table.routes.filter(({ owner }) => owner !== 'grant');
  const pattern = host.startsWith('*.')
    ? host
    : bestPattern(
        bases.map((route) => route.host),
        host,
      );
  return bases.filter((route) => route.host === pattern);
}
