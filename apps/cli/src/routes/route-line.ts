import { visibleLine } from '@bot-bottle/audit';
import type { Route } from '@bot-bottle/egress';

/** Longest line, in UTF-16 units: no end of a path is hidden. */
const LONGEST = 8192;

/** A row of a route table in one visible line, whole but for when it ends. */
export function routeLine(route: Route): string {
  const { auth, dlp } = route;
  const facts = [
    route.methods.length === 0 ? 'every method' : route.methods.join(' '),
    route.path_allowlist.length === 0 ? 'every path' : route.path_allowlist.join(' '),
    ...(auth === null ? [] : [`credential ${auth.slot}`]),
    ...(route.inject ? ['with the credential of its route'] : []),
    ...(route.authorization === 'agent' ? ["the agent's Authorization passes"] : []),
    ...list('agent headers', route.agent_headers),
    ...list('env secrets', route.env_secrets),
    ...(route.git.fetch ? ['git fetch'] : []),
    ...list('addresses', route.address_allowlist),
    `dlp ${dlp.outbound.length === 0 ? 'off' : `${dlp.on_match} ${dlp.outbound.join(' ')}`}`,
  ];
  return visibleLine(
    `${route.scheme} ${route.host}:${route.ports.join(',')} by ${route.owner} (${facts.join('; ')})`,
    LONGEST,
  );
}

const list = (name: string, values: readonly string[]): string[] =>
  values.length === 0 ? [] : [`${name} ${values.join(' ')}`];
