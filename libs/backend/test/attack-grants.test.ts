import { buildRoutes, tableDigest, type RouteRequest } from '@bot-bottle/egress';
import type { ProposalSource } from '@bot-bottle/supervise';
import { expect, it } from 'vitest';
import { grantApplier } from '../src/owner/grant-applier.ts';
import { LiveRoutes } from '../src/owner/live-routes.ts';
import { answer, deskWorld, type DeskWorld } from './proposal-samples.ts';
import { decideOn, sampleGrant } from './routes-sample.ts';

interface World extends DeskWorld {
  readonly routes: LiveRoutes;
  readonly source: ProposalSource;
  readonly clock: { now: number };
}

async function world(...manifest: readonly RouteRequest[]): Promise<World> {
  const clock = { now: 1_000_000 };
  const routes = new LiveRoutes(buildRoutes([], manifest), () => clock.now);
  routes.connect(async (table) => tableDigest(table));
  const desk = await deskWorld({ appliers: { 'egress-block': grantApplier(routes) } });
  return { ...desk, routes, clock, source: desk.desk.connect('supervise', async () => undefined) };
}

const { inject: _inject, ...asked } = sampleGrant();
const request = { kind: 'egress-block', ...asked, justification: 'for the tests' };

it.each([
  ['*.sub.example.com', 'x.sub.example.com'],
  ['*.a.b.example.com', 'x.a.b.example.com'],
])('approves nothing that opens nothing: %s below a wildcard route', async (host, inside) => {
  const { source, desk, routes } = await world({ host: '*.example.com', pathAllowlist: ['/a'] });
  await expect(source.propose({ ...request, host })).rejects.toThrow(
    /host: the route \*\.example\.com decides there/,
  );
  // What is said to ask for instead works.
  for (const instead of [inside, '*.example.com']) {
    const { id } = await source.propose({ ...request, host: instead });
    await desk.decide({ ...answer(desk, id), table: routes.view.digest });
  }
  expect(decideOn(routes.view.table, `https://${inside}/x`, 'GET', 1_000_001)).toMatchObject({
    kind: 'allow',
  });
});

it('approves nothing in plaintext for a host that takes none, alone or with a credential', async () => {
  const auth = { scheme: 'Bearer', tokenRef: 'TOKEN' } as const;
  const { source, desk } = await world({ host: 'api.example.com', methods: ['GET'], auth });
  const plain = { ...request, host: 'api.example.com', ports: [80] };
  await expect(source.propose(plain)).rejects.toThrow(/ports: .*takes nothing in plaintext/);
  await source.propose({ ...plain, host: 'new.example.com' });
  expect(desk.list()).toHaveLength(1);
});

it('opens a wildcard that no wildcard route covers, whatever exact routes lie below', async () => {
  const { source, desk, routes } = await world({ host: 'api.example.com', pathAllowlist: ['/a'] });
  const { id } = await source.propose({ ...request, host: '*.example.com' });
  await desk.decide({ ...answer(desk, id), table: routes.view.digest });
  const { table } = routes.view;
  expect(decideOn(table, 'https://new.example.com/x', 'GET', 1_000_001)).toMatchObject({ kind: 'allow' });
  expect(decideOn(table, 'https://api.example.com/x', 'GET', 1_000_001)).toMatchObject({
    code: 'path_not_allowed',
  });
});
