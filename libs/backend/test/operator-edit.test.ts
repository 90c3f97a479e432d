import { tableDigest, type Route, type RouteTable } from '@bot-bottle/egress';
import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import type { AuditEvent } from '@bot-bottle/audit';
import { describe, expect, it } from 'vitest';
import { editRoutes } from '../src/owner/operator-edit.ts';
import type { RoutesView } from '../src/owner/live-routes.ts';
import { fakeEgress, sampleGrant, type FakeEgress } from './routes-sample.ts';

interface World extends FakeEgress {
  readonly events: AuditEvent[];
  readonly audit: { works: boolean };
  readonly edit: (change: (rows: Route[]) => Route[], base?: string) => Promise<RoutesView>;
}

function world(): World {
  const egress = fakeEgress();
  const events: AuditEvent[] = [];
  const audit = { works: true };
  const append = async (appended: readonly unknown[]): Promise<void> => {
    if (!audit.works) throw new Error('no space');
    events.push(...(appended as AuditEvent[]));
  };
  const parts = { plan: { identity: 'worker-abcde' }, audit: { append }, routes: egress.routes };
  const edit: World['edit'] = async (change, base) => {
    const { table, digest } = egress.routes.view;
    const edited: RouteTable = { version: 1, routes: change(structuredClone(table.routes)) };
    return await editRoutes(parts, { base: base ?? digest, table: edited, by: 'op\u202e' });
  };
  return { ...egress, events, audit, edit };
}

const at = (rows: readonly Route[], host: string): Route => {
  const found = rows.find((row) => row.host === host);
  if (found === undefined) throw new Error(`no row of ${host}`);
  return found;
};
const outcomes = ({ events }: World): unknown[] => events.map(({ outcome }) => outcome);
const withChanged = (host: string, changes: Partial<Route>) => (rows: Route[]) =>
  rows.map((row) => (row.host === host ? { ...row, ...changes } : row));

describe('an edit', () => {
  it('is recorded, applied, confirmed and recorded again, with what it changed', async () => {
    const made = world();
    const before = made.routes.view.digest;
    const view = await made.edit((rows) => [
      ...rows.filter(({ host }) => host !== 'plain.example.com'),
      { ...at(rows, 'plain.example.com'), host: 'added.example.com', scheme: 'https', ports: [443] },
    ]);
    expect(made.routes.view).toEqual(view);
    expect(tableDigest(made.table())).toBe(view.digest);
    expect(made.events).toMatchObject([
      { layer: 'host', action: 'operator-edit', outcome: 'held', target: 'worker-abcde' },
      {
        outcome: 'done',
        details: {
          by: 'op\\u{202e}',
          before,
          after: view.digest,
          added: 'added.example.com',
          removed: 'plain.example.com plain.example.com',
        },
      },
    ]);
  });

  it('moves a credential that the bottle holds, because the operator says so', async () => {
    const made = world();
    const { auth } = at(made.routes.view.table.routes, 'api.example.com');
    await made.edit((rows) => [
      ...rows,
      { ...at(rows, 'api.example.com'), host: 'mirror.example.com', path_allowlist: [], auth },
    ]);
    expect(at(made.table().routes, 'mirror.example.com').auth).toEqual(auth);
  });

  it('takes grants back, and drops those that ended', async () => {
    const made = world();
    const { routes, clock } = made;
    for (const [host, minutes] of [
      ['ended.example.com', 1],
      ['live.example.com', 60],
      ['taken.example.com', null],
    ] as const) {
      const grant = sampleGrant({ host, minutes });
      await routes.change(null, () => routes.withGrant(grant), AbortSignal.timeout(5000));
    }
    clock.now += 60_000;
    const view = await made.edit((rows) => rows.filter(({ host }) => host !== 'taken.example.com'));
    expect(view.table.routes.filter(({ owner }) => owner === 'grant')).toMatchObject([
      { host: 'live.example.com' },
    ]);
    expect(made.events.at(-1)?.details['after']).toBe(view.digest);
    expect(tableDigest(made.table())).toBe(view.digest);
  });
});

describe('what cannot be edited', () => {
  const refused: [string, (rows: Route[]) => Route[], RegExp][] = [
    [
      'a wider route of the provider',
      withChanged('api.provider.example', { path_allowlist: [] }),
      /routes of the provider cannot be changed/,
    ],
    [
      'a removed route of the provider',
      (rows) => rows.filter(({ host }) => host !== 'api.provider.example'),
      /provider cannot be changed/,
    ],
    [
      'a route that says it is of the provider',
      (rows) => [{ ...at(rows, 'api.provider.example'), host: 'more.provider.example' }, ...rows],
      /provider cannot be changed/,
    ],
    [
      'a route of the provider that becomes one of the manifest',
      withChanged('api.provider.example', { owner: 'manifest' }),
      /provider cannot be changed/,
    ],
    [
      'a credential of the provider on another wildcard of it',
      withChanged('*.cdn.provider.example', {
        auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0', header: null, username: null },
      }),
      /provider cannot be changed/,
    ],
    [
      'a second row for a host of the provider',
      (rows) => [...rows, { ...at(rows, 'api.provider.example'), owner: 'manifest' }],
      /same scheme|both provider and manifest/,
    ],
    [
      'a grant for a host of the provider',
      (rows) => [...rows, { ...at(rows, 'api.provider.example'), owner: 'grant', auth: null }],
      /takes no grants/,
    ],
    [
      'a secret that the bottle does not hold',
      withChanged('api.example.com', {
        auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_9', header: null, username: null },
      }),
      /api\.example\.com: this bottle does not hold that credential/,
    ],
    [
      'a grant with a credential of its own',
      (rows) => [...rows, { ...at(rows, 'api.example.com'), host: 'g.example.com', owner: 'grant' }],
      /a grant never carries a credential/,
    ],
    [
      'a credential in plaintext',
      withChanged('api.example.com', { scheme: 'http', ports: [80] }),
      /only over TLS/,
    ],
    ['a host that is none', withChanged('plain.example.com', { host: '\u001b[2J' }), /host: not a host name/],
    ['a wildcard over everything', withChanged('plain.example.com', { host: '*' }), /host: not a host name/],
  ];
  it.each(refused)('%s', async (_what, change, expected) => {
    const made = world();
    const before = tableDigest(made.table());
    await expect(made.edit(change)).rejects.toMatchObject({
      code: 'invalid_grant',
      message: expect.stringMatching(expected),
    });
    expect(tableDigest(made.table())).toBe(before);
    expect(made.routes.view.digest).toBe(before);
    expect(made.events).toEqual([]);
  });

  it('a table that changed since it was shown', async () => {
    const made = world();
    const { routes } = made;
    const shown = routes.view.digest;
    await routes.change(null, () => routes.withGrant(sampleGrant()), AbortSignal.timeout(5000));
    await expect(made.edit((rows) => rows, shown)).rejects.toMatchObject({ code: 'changed' });
    expect(made.events).toEqual([]);
    expect(routes.view.table.routes.some(({ owner }) => owner === 'grant')).toBe(true);
  });

  it('a table that changes while the edit is recorded', async () => {
    const made = world();
    const { routes } = made;
    const granting = routes.change(null, () => routes.withGrant(sampleGrant()), AbortSignal.timeout(5000));
    await expect(made.edit((rows) => rows.slice(0, -1))).rejects.toMatchObject({ code: 'changed' });
    await granting;
    expect(outcomes(made)).toEqual(['held', 'failed']);
    expect(routes.view.table.routes.some(({ owner }) => owner === 'grant')).toBe(true);
    expect(tableDigest(made.table())).toBe(routes.view.digest);
  });
});

describe('an edit that fails', () => {
  it('because it cannot be recorded is not applied', async () => {
    const made = world();
    const before = tableDigest(made.table());
    made.audit.works = false;
    await expect(made.edit((rows) => rows.slice(0, -1))).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(tableDigest(made.table())).toBe(before);
    expect(made.routes.view.digest).toBe(before);
  });

  it('because egress refuses it leaves the table, says why in visible text, and is recorded', async () => {
    const made = world();
    const before = tableDigest(made.table());
    made.fates.push(async () => {
      throw new ProtocolRefusal('no\u001b[31m', ['row 3']);
    });
    await expect(made.edit((rows) => rows.slice(0, -1))).rejects.toMatchObject({
      code: 'apply_failed',
      message: 'the routes could not be changed: no\\u{1b}[31m; row 3',
    });
    expect(made.routes.view.digest).toBe(before);
    expect(outcomes(made)).toEqual(['held', 'failed']);
    expect(made.events.at(-1)?.details['why']).toBe('no\\u{1b}[31m; row 3');
    await made.edit((rows) => rows.slice(0, -1));
    expect(tableDigest(made.table())).toBe(made.routes.view.digest);
  });

  it('because egress is too slow says so', async () => {
    const made = world();
    made.fates.push(async () => {
      throw new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    });
    await expect(made.edit((rows) => rows.slice(0, -1))).rejects.toMatchObject({
      code: 'apply_failed',
      message: expect.stringMatching(/did not answer in time/),
    });
  });

  it('to be recorded after it was applied is in force all the same', async () => {
    const made = world();
    made.fates.push(async (table) => {
      made.audit.works = false;
      return tableDigest(table);
    });
    const view = await made.edit((rows) => rows.slice(0, -1));
    expect(made.routes.view).toEqual(view);
    expect(outcomes(made)).toEqual(['held']);
  });
});
