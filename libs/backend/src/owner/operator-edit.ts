import { visibleLine, type AuditLog } from '@bot-bottle/audit';
import {
  EgressError,
  isLive,
  parseTable,
  routeToFields,
  tableDigest,
  type Route,
  type RouteTable,
} from '@bot-bottle/egress';
import { canonicalJson, SuperviseError, whyNotApplied } from '@bot-bottle/supervise';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { SetRoutesRequest } from './control-server.ts';
import type { LiveRoutes, RoutesView } from './live-routes.ts';
import { hostEvent } from './owner-audit.ts';

/** Milliseconds that egress gets to confirm a table. */
const APPLY_MS = 15_000;

export interface EditedParts {
  readonly plan: Pick<BottlePlan, 'identity'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly routes: LiveRoutes;
}

/**
 * Puts a table that the operator edited into force, by the way of every approval: recorded, applied, confirmed.
 *
 * @throws SuperviseError `changed`, `invalid_grant`, `audit_unavailable`, `apply_failed`: the old table stays in force
 */
export async function editRoutes(parts: EditedParts, request: SetRoutesRequest): Promise<RoutesView> {
  const { audit, plan, routes } = parts;
  const before = routes.view;
  routes.expect(request.base);
  const table = checked(before, request.table);
  const facts = {
    by: visibleLine(request.by, 128),
    before: before.digest,
    after: tableDigest(table),
    ...changedHosts(before.table, table),
  };
  const event = (outcome: 'held' | 'done' | 'failed', more: Record<string, string> = {}) =>
    hostEvent('operator-edit', outcome, plan.identity, { ...facts, ...more });
  await audit.append([event('held')]).catch((cause: unknown) => {
    throw new SuperviseError('audit_unavailable', 'the audit log cannot be written: nothing was changed', {
      cause,
    });
  });
  try {
    const view = await routes.change(request.base, () => table, AbortSignal.timeout(APPLY_MS));
    await audit.append([event('done')]).catch(() => undefined);
    return view;
  } catch (error) {
    const why = whyNotApplied(error);
    await audit.append([event('failed', { why })]).catch(() => undefined);
    if (SuperviseError.isInstance(error)) throw error;
    throw new SuperviseError('apply_failed', `the routes could not be changed: ${why}`, { cause: error });
  }
}

/** What an operator may not change while the bottle runs: the provider's routes, and which secrets its egress holds. */
function checked(before: RoutesView, edited: RouteTable): RouteTable {
  let table: RouteTable;
  try {
    table = parseTable(edited);
  } catch (error) {
    if (!EgressError.isInstance(error)) throw error;
    throw new SuperviseError('invalid_grant', error.message, { cause: error });
  }
  const ofProvider = ({ routes }: RouteTable): string =>
    canonicalJson(routes.filter(({ owner }) => owner === 'provider').map(routeToFields));
  if (ofProvider(table) !== ofProvider(before.table))
    throw new SuperviseError('invalid_grant', 'the routes of the provider cannot be changed');
  const slots = new Set(before.slots.map(({ slot }) => slot));
  const unknown = table.routes.find(({ auth }) => auth !== null && !slots.has(auth.slot));
  // An edit is a change like any other: grants that ended go with it.
  if (unknown === undefined)
    return { ...table, routes: table.routes.filter((route) => isLive(route, before.now)) };
  throw new SuperviseError(
    'invalid_grant',
    `${visibleLine(unknown.host)}: this bottle does not hold that credential`,
    {
      hint: 'a new credential needs a new launch',
    },
  );
}

function changedHosts(
  before: RouteTable,
  after: RouteTable,
): { readonly added: string; readonly removed: string } {
  const rows = ({ routes }: RouteTable): Map<string, Route> =>
    new Map(routes.map((route) => [canonicalJson(routeToFields(route)), route]));
  const [was, is] = [rows(before), rows(after)];
  const hosts = (from: ReadonlyMap<string, Route>, other: ReadonlyMap<string, Route>): string =>
    [...from]
      .flatMap(([key, { host }]) => (other.has(key) ? [] : [host]))
      .join(' ')
      .slice(0, 4096);
  return { added: hosts(is, was), removed: hosts(was, is) };
}
