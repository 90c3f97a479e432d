import { ControlClient } from '@bot-bottle/backend';
import type { CommandContext } from '../command-context.ts';
import { findBottle } from '../launch/find-bottle.ts';
import { duration } from '../output/duration.ts';
import { renderTable } from '../output/table.ts';
import { routeOptions } from '../routes/route-options.ts';
import { routesJson, type RouteJson } from '../routes/routes-json.ts';

/** `routes <slug>`: the routes in force. `--json` prints a `RoutesJson`. */
export async function routes(context: CommandContext, slug: string, given: object): Promise<number> {
  const { json } = routeOptions(given, 'show');
  const { io, printer } = context;
  const bottle = await findBottle(io, slug);
  const found = routesJson(bottle.identity, await new ControlClient(bottle.socketPath).routes());
  if (json) printer.json(found);
  else if (found.routes.length === 0) printer.note(`${bottle.identity} reaches no host`);
  else {
    const headings = ['HOST', 'PORTS', 'METHODS', 'PATHS', 'CREDENTIAL', 'DLP', 'OWNER', 'EXPIRES'];
    printer.result(renderTable(headings, found.routes.map(cellsOf)));
  }
  return 0;
}

const cellsOf = (route: RouteJson): string[] => [
  route.host,
  route.ports.join(',') + (route.scheme === 'http' ? ' (plaintext)' : ''),
  route.methods.length === 0 ? 'every' : route.methods.join(','),
  route.path_allowlist.length === 0 ? 'every' : route.path_allowlist.join(' '),
  credentialOf(route),
  route.dlp.outbound.length === 0 ? 'off' : route.dlp.on_match,
  route.owner,
  route.expires_in_seconds === null ? '' : `in ${duration(route.expires_in_seconds)}`,
];

function credentialOf({
  auth,
  with_credential: isCarried,
  authorization,
  agent_headers: own,
}: RouteJson): string {
  if (auth !== null) return `${auth.scheme} (${auth.token_ref ?? 'unknown'})`;
  if (isCarried) return "the route's";
  const passing = [...(authorization === 'agent' ? ['Authorization'] : []), ...own];
  return passing.length === 0 ? '' : `the agent's ${passing.join(',')}`;
}
