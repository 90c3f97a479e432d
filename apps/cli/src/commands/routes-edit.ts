import { ControlClient, type RoutesView } from '@bot-bottle/backend';
import { isLive, tableDigest } from '@bot-bottle/egress';
import { parseRouteEdit, type RouteEdit } from '@bot-bottle/manifest';
import { MAX_GRANT_MINUTES, SuperviseError } from '@bot-bottle/supervise';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { editText } from '../editor/edit-text.ts';
import { findBottle } from '../launch/find-bottle.ts';
import { unifiedDiff } from '../output/unified-diff.ts';
import { editedTable, type EditedRoutes } from '../routes/edited-table.ts';
import { editRisks } from '../routes/edit-risks.ts';
import {
  editableOf,
  grantWithTime,
  routesDocument,
  routesYaml,
  type Editable,
} from '../routes/route-document.ts';
import { routeOptions } from '../routes/route-options.ts';
import { routesDifferences } from '../routes/routes-differences.ts';
import { routesJson } from '../routes/routes-json.ts';
import { grantOf } from '../supervise/grant-document.ts';
import { whoDecides } from '../supervise/who-decides.ts';
import { confirm } from '../terminal/prompts.ts';

const nothing = 'nothing was changed';

/**
 * `routes <slug> edit`: the routes of a running bottle in the operator's editor. `--json` prints the routes afterwards as
 * a `RoutesJson`.
 */
export async function routesEdit(context: CommandContext, slug: string, given: object): Promise<number> {
  const options = routeOptions(given, 'edit');
  const { io, printer } = context;
  const bottle = await findBottle(io, slug);
  const client = new ControlClient(bottle.socketPath);
  const view = await client.routes();
  const readAt = performance.now();
  const shown = editableOf(view);
  expectEditable(view, shown);
  const edit = await editText(context, {
    name: 'routes.yml',
    nothing,
    text: routesDocument(bottle.identity, view, shown),
    parse: (text) => parseRouteEdit({ text, file: 'routes.yml' }, limitsOf(view)),
  });
  const before = { routes: shown.routes, grants: shown.grants.map(grantWithTime) };
  const after = edit === null ? before : asEdited(edit);
  const [was, is] = [before, after].map(({ routes, grants }) => routesYaml(routes, grants));
  if (edit === null || was === is) {
    printer.note(nothing);
    return 0;
  }
  for (const line of unifiedDiff(`routes of ${bottle.identity}`, was ?? '', is ?? '')) printer.asked(line);
  for (const risk of editRisks(before, after, view.table)) printer.asked(`risk      ${risk}`);
  const table = (): ReturnType<typeof editedTable> =>
    editedTable(view, after, shown.grants, view.now + performance.now() - readAt);
  // What cannot be is told before anybody is asked.
  table();
  if (!options.yes && !(await confirm('Put this into force?', '--yes does it without asking'))) {
    printer.note(nothing);
    return 1;
  }
  const base = tableDigest(view.table);
  const now = await client
    .setRoutes({ base, table: table(), by: whoDecides() })
    .catch(async (error: unknown) => {
      if (SuperviseError.isInstance(error) && error.code === 'changed')
        await showChange(context, client, view);
      throw error;
    });
  if (options.json) printer.json(routesJson(bottle.identity, now));
  else printer.result(`changed the routes of ${bottle.identity}`);
  return 0;
}

const limitsOf = ({ table, slots }: RoutesView): Parameters<typeof parseRouteEdit>[1] => ({
  maxMinutes: MAX_GRANT_MINUTES,
  tokenRefs: new Set(slots.map(({ tokenRef }) => tokenRef)),
  providerHosts: new Set(table.routes.flatMap(({ owner, host }) => (owner === 'provider' ? [host] : []))),
});

const asEdited = ({ routes, grants }: RouteEdit): EditedRoutes => ({ routes, grants: grants.map(grantOf) });

/** Refuses a table that the document does not hold whole: saving it would change what nobody saw. */
function expectEditable(view: RoutesView, { routes, grants }: Editable): void {
  const again = editedTable(view, { routes, grants: grants.map(grantWithTime) }, grants, view.now);
  const live = view.table.routes.filter((row) => isLive(row, view.now));
  if (tableDigest(again) === tableDigest({ version: 1, routes: live })) return;
  throw new CliError('refused', 'the routes of this bottle hold something that cannot be shown in an editor');
}

async function showChange(
  { printer }: CommandContext,
  client: ControlClient,
  shown: RoutesView,
): Promise<void> {
  const now = await client.routes().catch(() => null);
  if (now === null) return;
  for (const line of routesDifferences(shown.table, now.table)) printer.warning(`routes: ${line}`);
}
