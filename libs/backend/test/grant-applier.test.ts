import { tableDigest } from '@bot-bottle/egress';
import type { DecideRequest, Grant, ProposalSource } from '@bot-bottle/supervise';
import { describe, expect, it } from 'vitest';
import { grantApplier } from '../src/owner/grant-applier.ts';
import { answer, deskWorld, type DeskWorld } from './proposal-samples.ts';
import { decideOn, fakeEgress, sampleGrant, type FakeEgress } from './routes-sample.ts';

interface World extends DeskWorld, FakeEgress {
  readonly source: ProposalSource;
  readonly ask: (changes?: object) => Promise<string>;
  readonly approve: (id: string, changes?: Partial<DecideRequest>) => Promise<unknown>;
}

async function world(): Promise<World> {
  const egress = fakeEgress();
  const desk = await deskWorld({
    appliers: { 'egress-block': grantApplier(egress.routes) },
    flood: { take: () => undefined },
  });
  const source = desk.desk.connect('supervise', async () => undefined);
  return {
    ...desk,
    ...egress,
    source,
    ask: async (changes = {}) => (await source.propose({ ...request, ...changes })).id,
    approve: async (id, changes = {}) => {
      const table = egress.routes.view.digest;
      return await desk.desk.decide({ ...answer(desk.desk, id), table, ...changes });
    },
  };
}

const { inject: _inject, ...asked } = sampleGrant();
const request = { kind: 'egress-block', ...asked, justification: 'for the tests' };

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => 'done',
    (error: unknown) => (error instanceof Error ? Reflect.get(error, 'code') : 'unknown'),
  );

const normal = /^host: not a host name in its normal form/;
const address = /^host: an IP address takes no grant/;
const provider = /^host: \S+ belongs to the provider, which takes no grants$/;
const hosts: [string, RegExp][] = [
  ['API.example.org', normal],
  ['api.example.org.', normal],
  [' api.example.org', normal],
  ['api.example.org\n', normal],
  ['api.example.org\0', normal],
  ['api..example.org', normal],
  ['-a.example.org', normal],
  ['bücher.example', normal],
  ['\uff41pi.example.org', normal],
  ['api\u3002example.org', normal],
  ['a\u200b.example.org', normal],
  ['https://api.example.org', normal],
  ['api.example.org:443', normal],
  ['user@api.example.org', normal],
  ['api.example.org/x', normal],
  ['api.example.org#x', normal],
  ['api%2eexample.org', normal],
  ['x'.repeat(64) + '.example.org', normal],
  ['*', normal],
  ['*.', normal],
  ['*.*', normal],
  ['*.com', normal],
  ['*.co.uk', normal],
  ['*.github.io', normal],
  ['a.*.example.org', normal],
  ['*example.org', normal],
  ['**.example.org', normal],
  ['egress', normal],
  ['git-gate', normal],
  ['supervise', normal],
  ['SUPERVISE', normal],
  ['_egress.local', normal],
  ['*._egress.local', /host/],
  ['127.0.0.1', address],
  ['169.254.169.254', address],
  ['8.8.8.8', address],
  ['::1', address],
  ['2001:db8::1', address],
  ['[::1]', normal],
  ['::ffff:127.0.0.1', /host/],
  ['0:0:0:0:0:0:0:1', /host/],
  ['fe80::1%eth0', /host/],
  ['127.1', normal],
  ['2130706433', normal],
  ['0x7f000001', normal],
  ['0x7f.0.0.1', normal],
  ['017700000001', normal],
  ['127.0.0.1.', normal],
  ['*.127.0.0.1', /host/],
  ['\u0661\u0662\u0667.0.0.1', normal],
  ['\uff11\uff12\uff17.0.0.1', normal],
  ['api.provider.example', provider],
  ['*.provider.example', provider],
  ['x.cdn.provider.example', provider],
  ['*.cdn.provider.example', provider],
  ['*.x.cdn.provider.example', provider],
];

const fields: [string, object, RegExp][] = [
  ['no host', { host: '' }, /^not a proposal: host$/],
  ['a host without end', { host: 'a'.repeat(254) }, /^not a proposal: host$/],
  ['no port', { ports: [] }, /^not a proposal: ports$/],
  ['port 0', { ports: [0] }, /^not a proposal: ports\.0$/],
  ['port 65536', { ports: [65_536] }, /^not a proposal: ports\.0$/],
  ['a negative port', { ports: [-1] }, /^not a proposal: ports\.0$/],
  ['half a port', { ports: [443.5] }, /^not a proposal: ports\.0$/],
  ['a port of text', { ports: ['443'] }, /^not a proposal: ports\.0$/],
  ['the same port twice', { ports: [443, 443] }, /ports: the same port twice/],
  ['every port', { ports: Array.from({ length: 17 }, (_, index) => index + 1) }, /^not a proposal: ports$/],
  ['CONNECT', { methods: ['CONNECT'] }, /^not a proposal: methods\.0$/],
  ['TRACE', { methods: ['TRACE'] }, /^not a proposal: methods\.0$/],
  ['TRACK', { methods: ['GET', 'TRACK'] }, /^not a proposal: methods\.1$/],
  ['a method in lower case', { methods: ['get'] }, /^not a proposal: methods\.0$/],
  ['a method that is none', { methods: ['GETX'] }, /^not a proposal: methods\.0$/],
  ['a method with a blank', { methods: ['GET '] }, /^not a proposal: methods\.0$/],
  ['a path without a slash', { path_allowlist: ['x'] }, /^not a proposal: path_allowlist\.0$/],
  ['a parent segment', { path_allowlist: ['/a/../b'] }, /not a normalised absolute path/],
  ['a dot segment', { path_allowlist: ['/a/./b'] }, /not a normalised absolute path/],
  ['an encoded dot segment', { path_allowlist: ['/a/%2e%2e/b'] }, /not a normalised absolute path/],
  ['an encoded slash', { path_allowlist: ['/a%2fb'] }, /not a normalised absolute path/],
  ['an encoded backslash', { path_allowlist: ['/a%5cb'] }, /not a normalised absolute path/],
  ['a path that decodes twice', { path_allowlist: ['/a%252fb'] }, /not a normalised absolute path/],
  ['a query', { path_allowlist: ['/a?b'] }, /not a normalised absolute path/],
  ['two slashes', { path_allowlist: ['//a'] }, /not a normalised absolute path/],
  [
    'a path with a blank',
    { path_allowlist: ['/a for 1 minute'] },
    /a character that no path of a request has/,
  ],
  [
    'a path with a line break',
    { path_allowlist: ['/a\nhost b'] },
    /a character that no path of a request has/,
  ],
  ['a path of another script', { path_allowlist: ['/\u0430'] }, /a character that no path of a request has/],
  [
    'a path that turns around',
    { path_allowlist: ['/a\u202eb'] },
    /a character that no path of a request has/,
  ],
  ['no time', { minutes: 0 }, /^not a proposal: minutes$/],
  ['a negative time', { minutes: -5 }, /^not a proposal: minutes$/],
  ['a time that is none', { minutes: Number.NaN }, /^not a proposal: minutes$/],
  ['a time without end', { minutes: Number.POSITIVE_INFINITY }, /^not a proposal: minutes$/],
  ['more than a week', { minutes: 10_081 }, /^not a proposal: minutes$/],
  ['a time of text', { minutes: '5' }, /^not a proposal: minutes$/],
  ['a credential', { inject: true }, /^not a proposal/],
  ['an owner', { owner: 'provider' }, /^not a proposal/],
  ['an end of its own', { expires_at: null }, /^not a proposal/],
  ['addresses', { address_allowlist: ['0.0.0.0/0'] }, /^not a proposal/],
  ['no scanning', { dlp: { outbound: [] } }, /^not a proposal/],
  ['no word of why', { justification: '' }, /^not a proposal: justification$/],
];

describe('what a sidecar that was taken over asks for', () => {
  it.each([
    ...hosts.map(([host, expected]): [string, object, RegExp] => [
      `the host ${JSON.stringify(host)}`,
      { host },
      expected,
    ]),
    ...fields,
  ])('never reaches a human: %s', async (_what, changes, expected) => {
    const { source, desk, queue, notices, table } = await world();
    const before = tableDigest(table());
    const refusal: unknown = await source
      .propose({ ...request, ...changes })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: 'ProtocolRefusal', message: expect.stringMatching(expected) });
    expect(String(refusal)).toMatch(/^[\x20-\x7e]*$/);
    expect(desk.list()).toEqual([]);
    expect(notices).toEqual([]);
    expect((await queue.list()).entries).toEqual([]);
    expect(tableDigest(table())).toBe(before);
  });

  it.each(['new.example.com', '*.new.example.com', 'xn--bcher-kva.example', 'a_b.example.com', 'localhost'])(
    'reaches one when it is the name %s',
    async (host) => {
      const { ask, desk } = await world();
      await ask({ host });
      expect(desk.list()).toHaveLength(1);
    },
  );
});

describe('an approval', () => {
  it('adds one row, that egress has confirmed, and says until when', async () => {
    const { ask, approve, table, routes, clock } = await world();
    const base = routes.view.table.routes;
    expect(await approve(await ask({ minutes: 5 }))).toMatchObject({
      outcome: 'approved',
      applied: 'new.example.com (GET, /x) for 5 minutes',
      grant: sampleGrant(),
    });
    const { routes: rows } = table();
    expect(rows.slice(0, base.length)).toEqual(base);
    expect(rows.slice(base.length)).toMatchObject([
      { host: 'new.example.com', owner: 'grant', auth: null, inject: false, expires_at: clock.now + 300_000 },
    ]);
    expect(tableDigest(table())).toBe(routes.view.digest);
  });

  it('of another time is approved, of another reach modified', async () => {
    const { ask, approve } = await world();
    const longer = sampleGrant({ minutes: 60 });
    expect(await approve(await ask(), { grant: longer })).toMatchObject({
      outcome: 'approved',
      grant: longer,
    });
    const narrower = sampleGrant({ path_allowlist: ['/x/y'] });
    expect(await approve(await ask(), { grant: narrower })).toMatchObject({
      outcome: 'modified',
      grant: narrower,
    });
  });

  it('of what was shown beside other routes is refused, and the proposal waits', async () => {
    const { ask, approve, routes, desk, table } = await world();
    const shown = routes.view.digest;
    await approve(await ask({ host: 'first.example.com' }), { table: shown });
    const before = tableDigest(table());
    const id = await ask();
    expect(await codeOf(approve(id, { table: shown }))).toBe('changed');
    expect(desk.list()).toMatchObject([{ deciding: null }]);
    expect(tableDigest(table())).toBe(before);
    expect(await codeOf(approve(id, { table: routes.view.digest }))).toBe('done');
  });

  it('of two at once that were shown the same routes: one wins, the other is told and waits', async () => {
    const { ask, approve, routes, desk, table } = await world();
    const [one, other] = [await ask({ host: 'one.example.com' }), await ask({ host: 'other.example.com' })];
    const shown = { table: routes.view.digest };
    const ends = await Promise.all([codeOf(approve(one, shown)), codeOf(approve(other, shown))]);
    expect(ends).toEqual(['done', 'changed']);
    expect(desk.list().map(({ proposal }) => proposal.id)).toEqual([other]);
    expect(table().routes.filter(({ owner }) => owner === 'grant')).toHaveLength(1);
  });

  const hostile: [string, Partial<Grant>][] = [
    ...hosts.map(([host]): [string, Partial<Grant>] => [`the host ${JSON.stringify(host)}`, { host }]),
    ['port 0', { ports: [0] }],
    ['port 65536', { ports: [65_536] }],
    ['the same port twice', { ports: [443, 443] }],
    ['no port', { ports: [] }],
    ['CONNECT', { methods: ['CONNECT'] }],
    ['TRACE', { methods: ['TRACE'] }],
    ['a dot segment', { path_allowlist: ['/a/../b'] }],
    ['an encoded slash', { path_allowlist: ['/a%2fb'] }],
    ['a blank', { path_allowlist: ['/a b'] }],
    ['no time', { minutes: 0 }],
    ['a negative time', { minutes: -1 }],
    ['a time that is none', { minutes: Number.NaN }],
    ['a time without end', { minutes: Number.POSITIVE_INFINITY }],
    ['more than a week', { minutes: 10_081 }],
    ['a credential for a host that has none', { inject: true }],
    ['a credential for a host whose route has none', { host: 'plain.example.com', inject: true }],
    ['a credential in plaintext', { host: 'api.example.com', ports: [80], inject: true }],
    ['a credential by a wildcard over its host', { host: '*.example.com', inject: true }],
    ['a credential of a wildcard for a wildcard below it', { host: '*.x.wild.example.com', inject: true }],
    ['keys that nobody knows', { owner: 'provider' } as Partial<Grant>],
    ['a credential of its own', { auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } } as Partial<Grant>],
  ];
  it.each(hostile)('with %s changes nothing', async (_what, changes) => {
    const { ask, approve, desk, audit, table } = await world();
    const id = await ask();
    const before = tableDigest(table());
    expect(await codeOf(approve(id, { grant: sampleGrant(changes) }))).toBe('invalid_grant');
    expect(tableDigest(table())).toBe(before);
    expect(desk.list()).toMatchObject([{ proposal: { id }, deciding: null }]);
    expect(audit).toBeDefined();
    expect(await codeOf(approve(id))).toBe('done');
  });

  it('is compared again when its turn comes: a credential may be gone by then', async () => {
    const { ask, routes, fates, approve, table, desk } = await world();
    const id = await ask();
    const gate = Promise.withResolvers<void>();
    fates.push(async (next) => {
      await gate.promise;
      return tableDigest(next);
    });
    const without = {
      ...routes.view.table,
      routes: routes.view.table.routes.filter(({ host }) => host !== 'api.example.com'),
    };
    const editing = routes.change(null, () => without, AbortSignal.timeout(5000));
    const approving = approve(id, { grant: sampleGrant({ host: 'api.example.com', inject: true }) });
    gate.resolve();
    await editing;
    await expect(approving).rejects.toMatchObject({ code: 'changed' });
    expect(table().routes.some(({ owner }) => owner === 'grant')).toBe(false);
    expect(desk.list()).toHaveLength(1);
  });
});

describe('a credential', () => {
  const slotOf = (decision: ReturnType<typeof decideOn>): string | null =>
    decision.kind === 'allow' ? (decision.injectAuth?.slot ?? null) : decision.kind;

  it('goes with what a grant allows only when a human said so', async () => {
    const { ask, approve, table } = await world();
    await approve(await ask({ host: 'api.example.com', path_allowlist: ['/search'] }));
    expect(slotOf(decideOn(table(), 'https://api.example.com/search'))).toBeNull();
    expect(slotOf(decideOn(table(), 'https://api.example.com/repos/me'))).toBe('EGRESS_TOKEN_1');
    const grant = sampleGrant({ host: 'api.example.com', path_allowlist: ['/user'], inject: true });
    expect(await approve(await ask({ host: 'api.example.com' }), { grant })).toMatchObject({
      outcome: 'modified',
    });
    expect(slotOf(decideOn(table(), 'https://api.example.com/user'))).toBe('EGRESS_TOKEN_1');
  });

  it('never goes in plaintext, whatever a grant for port 80 says', async () => {
    const { ask, approve, table } = await world();
    const grant = sampleGrant({ host: 'api.example.com', ports: [80, 443], inject: true });
    await approve(await ask({ host: 'api.example.com' }), { grant });
    const granted = table().routes.filter(({ owner }) => owner === 'grant');
    expect(granted.map(({ scheme, ports, inject }) => [scheme, ports, inject])).toEqual([
      ['https', [443], true],
      ['http', [80], false],
    ]);
    expect(decideOn(table(), 'http://api.example.com/x')).toMatchObject({ code: 'plaintext_not_allowed' });
  });

  it('and its host are out of the reach of a grant for a wildcard over it', async () => {
    const { ask, approve, table } = await world();
    await approve(await ask({ host: '*.example.com', path_allowlist: [], methods: [] }));
    expect(decideOn(table(), 'https://other.example.com/x', 'POST').kind).toBe('allow');
    expect(slotOf(decideOn(table(), 'https://other.example.com/x', 'POST'))).toBeNull();
    for (const url of ['https://api.example.com/x', 'https://api.example.com/repos/me-evil'])
      expect(decideOn(table(), url)).toMatchObject({ code: 'path_not_allowed' });
    expect(decideOn(table(), 'https://api.example.com/repos/me', 'DELETE')).toMatchObject({
      code: 'method_not_allowed',
    });
    expect(decideOn(table(), 'https://x.wild.example.com/b')).toMatchObject({ code: 'path_not_allowed' });
    expect(slotOf(decideOn(table(), 'https://x.wild.example.com/a'))).toBe('EGRESS_TOKEN_2');
  });

  it('of a wildcard goes to a host below it that a human names, and to no other', async () => {
    const { ask, approve, table } = await world();
    const grant = sampleGrant({ host: 'x.wild.example.com', path_allowlist: ['/b'], inject: true });
    await approve(await ask({ host: 'x.wild.example.com' }), { grant });
    expect(slotOf(decideOn(table(), 'https://x.wild.example.com/b'))).toBe('EGRESS_TOKEN_2');
    expect(decideOn(table(), 'https://y.wild.example.com/b')).toMatchObject({ code: 'path_not_allowed' });
  });
});

it('is not decided on by somebody who was not shown the routes', async () => {
  const { ask, approve, desk, table } = await world();
  const before = tableDigest(table());
  const id = await ask();
  for (const shown of [null, undefined])
    expect(await codeOf(approve(id, { table: shown as null }))).toBe('changed');
  expect(tableDigest(table())).toBe(before);
  expect(desk.list()).toHaveLength(1);
});
