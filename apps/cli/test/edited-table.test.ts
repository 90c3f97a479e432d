import type { RoutesView } from '@bot-bottle/backend';
import { buildRoutes, grantRows, manifestRouteRequest, parseTable, tableDigest } from '@bot-bottle/egress';
import { parseRouteEdit } from '@bot-bottle/manifest';
import type { Grant } from '@bot-bottle/supervise';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editedTable } from '../src/routes/edited-table.ts';
import { editableOf, grantWithTime, routesDocument } from '../src/routes/route-document.ts';
import { grantOf } from '../src/supervise/grant-document.ts';

const now = 1_700_000_000_000;
const auth = { scheme: 'Bearer', tokenRef: 'PROVIDER' } as const;
const grant = (changes: Partial<Grant> = {}): Grant => ({
  host: 'a.example',
  ports: [443],
  path_allowlist: [],
  methods: ['GET'],
  minutes: null,
  inject: false,
  ...changes,
});

function viewOf(grants: ReadonlyArray<readonly [Grant, number | null]>): RoutesView {
  const { table, slots } = buildRoutes(
    [{ host: 'provider.example', auth }],
    [
      { host: 'a.example', auth: { scheme: 'Bearer', tokenRef: 'A' } },
      { host: '*.b.example', ports: [443, 80], methods: ['GET'] },
    ],
  );
  const rows = grants.flatMap(([each, end]) => grantRows(each, end));
  const whole = parseTable({ version: 1, routes: [...table.routes, ...rows] });
  return { table: whole, digest: tableDigest(whole), now, slots };
}

const minutes = fc.oneof(fc.constant(null), fc.double({ min: 0.001, max: 10_000, noNaN: true }));
const grants = fc.array(
  fc.tuple(
    fc.record({
      host: fc.constantFrom('a.example', '*.b.example', 'c.example'),
      ports: fc.constantFrom([443], [443, 80], [80], [8443, 443]).map((ports): number[] => [...ports]),
      path_allowlist: fc.subarray(['/a', '/b']),
      methods: fc.subarray(['GET', 'POST']),
      minutes: fc.constant(null),
      inject: fc.boolean(),
    }),
    minutes.map((each) => (each === null ? null : now + each * 60_000)),
  ),
  { maxLength: 5 },
);

describe('editedTable', () => {
  it('gives the same table when nothing was edited: rows of the provider, ends and all', () => {
    fc.assert(
      fc.property(grants, (given) => {
        const view = viewOf(given);
        const shown = editableOf(view);
        const edit = { routes: shown.routes, grants: shown.grants.map(grantWithTime) };
        expect(tableDigest(editedTable(view, edit, shown.grants, now))).toBe(view.digest);
      }),
    );
  });

  it('gives it also by way of the text of the editor', () => {
    const view = viewOf([
      [grant({ host: 'c.example', ports: [443, 80] }), now + 61_234],
      [grant({ methods: ['POST'], inject: true }), null],
    ]);
    const shown = editableOf(view);
    const text = routesDocument('worker-00000', view, shown);
    expect(text).toMatch(/^# {3}https provider\.example:443 by provider/m);
    const limits = {
      maxMinutes: 100,
      tokenRefs: new Set(['A']),
      providerHosts: new Set(['provider.example']),
    };
    const { routes, grants: read } = parseRouteEdit({ text, file: 'routes.yml' }, limits);
    const table = editedTable(view, { routes, grants: read.map(grantOf) }, shown.grants, now);
    expect(tableDigest(table)).toBe(view.digest);
  });

  it('uses each end once: a copy of a grant is a new one', () => {
    const view = viewOf([[grant(), now + 60_000]]);
    const shown = editableOf(view);
    const [only = grant()] = shown.grants.map(grantWithTime);
    const copy = { ...only, methods: ['POST'] };
    const table = editedTable(
      view,
      { routes: shown.routes, grants: [copy, only] },
      shown.grants,
      now + 30_000,
    );
    expect(table.routes.slice(-2).map(({ expires_at: end }) => (end ?? 0) - now)).toEqual([90_000, 60_000]);
  });

  it('drops a grant that ended while it was edited', () => {
    const view = viewOf([[grant(), now + 60_000]]);
    const shown = editableOf(view);
    const edit = { routes: shown.routes, grants: shown.grants.map(grantWithTime) };
    expect(
      editedTable(view, edit, shown.grants, now + 60_000).routes.some(({ owner }) => owner === 'grant'),
    ).toBe(false);
  });

  it('never touches the rows of the provider', () => {
    const view = viewOf([]);
    const { routes } = editableOf(view);
    const [provider] = view.table.routes;
    const renamed = routes.map((route) => ({ ...route, methods: ['DELETE'] }));
    expect(editedTable(view, { routes: renamed, grants: [] }, [], now).routes[0]).toEqual(provider);
    expect(editedTable(view, { routes: [], grants: [] }, [], now).routes).toEqual([provider]);
    const taken = routes.map((route) => ({ ...route, host: 'provider.example' })).slice(0, 1);
    expect(() => editedTable(view, { routes: taken, grants: [] }, [], now)).toThrow(/cannot be like that/);
    expect(() =>
      editedTable(view, { routes: [], grants: [grant({ host: 'provider.example' })] }, [], now),
    ).toThrow(/belongs to the provider/);
    expect(manifestRouteRequest(routes[0] ?? taken[0] ?? Object.create(null)).host).toBe('a.example');
  });
});
