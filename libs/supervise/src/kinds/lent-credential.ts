import { bestPattern, type RouteTable } from '@bot-bottle/egress';

/**
 * Slot of the credential that a grant for `host` could add to requests, null: none. A grant joins the base rows of its
 * own host, or of the pattern that it names itself, and no others.
 */
export function lentCredential(host: string, table: RouteTable): string | null {
  const bases = table.routes.filter(({ owner }) => owner !== 'grant');
  const pattern = host.startsWith('*.')
    ? host
    : bestPattern(
        bases.map((route) => route.host),
        host,
      );
  return bases.find((route) => route.host === pattern && route.auth !== null)?.auth?.slot ?? null;
}
