import { z } from 'zod';
import type { Route, RouteTable } from '../contracts.ts';
import { EgressError } from '../errors.ts';
import { checkRoute } from './parse-route.ts';

const shell = z.strictObject({ version: z.literal(1), routes: z.array(z.unknown()) });

/**
 * Parses a whole route table; an invalid one is refused as a whole.
 *
 * @throws EgressError `invalid_table` whose `problems` are all that is wrong, each with its row
 */
export function parseTable(value: unknown): RouteTable {
  const parsed = shell.safeParse(value);
  if (!parsed.success) {
    throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'table'}: ${issue.message}`));
  }
  const problems: string[] = [];
  const routes: Route[] = [];
  parsed.data.routes.forEach((fields, index) => {
    const check = checkRoute(fields);
    if ('route' in check) routes.push(check.route);
    else problems.push(...check.problems.map((problem) => `routes.${index}.${problem}`));
  });
  if (problems.length === 0) problems.push(...relationProblems(routes));
  if (problems.length > 0) throw invalid(problems);
  return { version: 1, routes };
}

function invalid(problems: readonly string[]): EgressError {
  return new EgressError('invalid_table', `invalid route table: ${problems.join('; ')}`, { problems });
}

/** What rows may not be to each other. */
function relationProblems(routes: readonly Route[]): string[] {
  const problems: string[] = [];
  const owners = new Map<string, Route['owner']>();
  const seen = new Set<string>();
  const granted = new Set<string>();
  routes.forEach((route, index) => {
    const at = `routes.${index}.host: ${route.host}`;
    if (route.owner === 'grant') {
      if (owners.get(route.host) === 'provider')
        problems.push(`${at} belongs to the provider and takes no grants`);
      granted.add(route.host);
      return;
    }
    const key = `${route.scheme} ${route.host}`;
    if (seen.has(key)) problems.push(`${at} has two rows of the same scheme`);
    if (granted.has(route.host)) problems.push(`${at} has a grant before its base row`);
    const owner = owners.get(route.host);
    if (owner !== undefined && owner !== route.owner)
      problems.push(`${at} belongs to both provider and manifest`);
    seen.add(key);
    owners.set(route.host, route.owner);
  });
  return problems;
}
