import { bestPattern, type Route, type RouteTable } from '@bot-bottle/egress';

/** The rows that a grant for a host would be beside of: those of the host itself, else of the wildcard that covers it. */
export function baseRows(host: string, { routes }: RouteTable): readonly Route[] {
  const bases = routes.filter(({ owner }) => owner !== 'grant');
  const exact = bases.filter((row) => row.host === host);
  if (exact.length > 0 || host.startsWith('*.')) return exact;
  const pattern = bestPattern(
    bases.map((row) => row.host),
    host,
  );
  return bases.filter((row) => row.host === pattern);
}

/** Whether there is a credential that a grant for a host can carry. */
export function hasCredential(host: string, table: RouteTable): boolean {
  return baseRows(host, table).some(({ auth }) => auth !== null);
}
