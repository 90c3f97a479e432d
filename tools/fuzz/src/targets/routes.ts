import {
  allowlistView,
  buildRoutes,
  EgressError,
  parseRoute,
  parseTable,
  routeToFields,
  rowsToManifest,
  tableDigest,
} from '@bot-bottle/egress';
import type { RouteTable } from '@bot-bottle/egress';
import { must, mustEqual } from '../fuzz/target.ts';
import type { FuzzTarget } from '../fuzz/target.ts';

function parsed(value: unknown): RouteTable | null {
  try {
    return parseTable(value);
  } catch (error) {
    if (!EgressError.isInstance(error)) throw error;
    must(error.problems.length > 0, 'a table is refused without a reason');
    return null;
  }
}

/** Route tables as they come over the control channel. */
export const routes: FuzzTarget = {
  name: 'routes',
  about: 'accepted tables round-trip, keep their digest, hold no credential for plaintext, and show no slot',
  words: [
    '"host":"',
    '"*.example.com"',
    '"a.example"',
    '"ports":[443]',
    '"scheme":"http"',
    '"auth":null',
    '"owner":"grant"',
    '"owner":"provider"',
    '"expires_at":1',
    '"inject":true',
    '"EGRESS_TOKEN_1"',
    '"__proto__":{}',
    'null',
    'true',
    '[]',
    '{}',
    ',',
    '"',
    '\\u0000',
    '\\ud800',
    '127.0.0.1/32',
    '::/0',
    '/..',
    '%2f',
  ],
  open: async () => ({
    run: (bytes) => {
      let value: unknown;
      try {
        value = JSON.parse(bytes.toString('utf8'));
      } catch {
        return false;
      }
      const table = parsed(value);
      if (table === null) return false;
      const fields = table.routes.map(routeToFields);
      const again = parsed(JSON.parse(JSON.stringify({ version: 1, routes: fields })));
      mustEqual(again, table, 'a table that was written again');
      must(again !== null && tableDigest(again) === tableDigest(table), 'its digest is another one');
      for (const route of table.routes) {
        mustEqual(parseRoute(routeToFields(route)), route, 'a route that was written again');
        must(route.auth === null || route.scheme === 'https', 'a credential for plaintext');
        must(
          route.owner === 'grant' || (route.expires_at === null && !route.inject),
          'a base row that expires',
        );
        must(route.owner !== 'grant' || route.auth === null, 'a grant with a credential');
        must(!/^\*(?:\.[^.]*)?$/.test(route.host), `a pattern as wide as ${route.host}`);
      }
      const shown = allowlistView(table, 0).routes;
      // names of env secrets are the manifest's own words, and may be anything, but no others may be shown
      const own = new Set(table.routes.flatMap((route) => route.env_secrets));
      must(
        shown.every((entry) => entry.env_secrets.every((name) => own.has(name))),
        'the view for the agent shows an env secret that no route has',
      );
      const view = JSON.stringify(shown.map((entry) => ({ ...entry, env_secrets: [] })));
      must(!/EGRESS_TOKEN|"slot"|"owner"/.test(view), 'the view for the agent shows a slot');
      const slots = table.routes.flatMap(({ auth }) => (auth === null ? [] : [auth.slot]));
      rowsToManifest(
        table.routes,
        slots.map((slot) => ({ slot, tokenRef: `REF_${slot}` })),
      );
      const requests = table.routes.map(({ host, ports, path_allowlist, methods }) => ({
        host,
        ports,
        pathAllowlist: path_allowlist,
        methods,
      }));
      try {
        const built = buildRoutes(requests.slice(0, 1), requests.slice(1));
        mustEqual(parseTable(JSON.parse(JSON.stringify(built.table))), built.table, 'a built table');
      } catch (error) {
        if (!EgressError.isInstance(error)) throw error;
      }
      return true;
    },
  }),
};
