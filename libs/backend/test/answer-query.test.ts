import type { ProposalSource } from '@bot-bottle/supervise';
import { expect, it } from 'vitest';
import { answerQuery } from '../src/owner/answer-query.ts';
import { deskWorld, samplePush } from './proposal-samples.ts';
import { fakeEgress, sampleGrant } from './routes-sample.ts';

const never = new AbortController().signal;

async function asking(sidecar: 'supervise' | 'git-gate' = 'supervise') {
  const egress = fakeEgress();
  const { desk } = await deskWorld();
  const source: ProposalSource = desk.connect(sidecar, async () => undefined);
  return { ...egress, desk, source, ask: answerQuery(source, egress.routes) };
}

it('lists the routes as the agent may see them: no slot, no reference, no grant that ended', async () => {
  const { routes, clock, ask } = await asking();
  for (const [host, minutes] of [
    ['ended.example.com', 1],
    ['live.example.com', 60],
  ] as const) {
    const grant = sampleGrant({ host, minutes });
    await routes.change(null, () => routes.withGrant(grant), AbortSignal.timeout(5000));
  }
  clock.now += 60_000;
  const text = JSON.stringify(await ask({ query: 'routes' }, never));
  expect(text).toContain('api.example.com');
  expect(text).toContain('live.example.com');
  for (const secret of ['ended.example.com', 'EGRESS_TOKEN', 'GITHUB', 'PROVIDER', 'slot', 'owner'])
    expect(text).not.toContain(secret);
});

it('tells how a proposal of the asking sidecar stands', async () => {
  const { source, ask } = await asking('git-gate');
  const { id } = await source.propose(samplePush);
  expect(await ask({ query: 'proposal', id, wait_ms: 0 }, never)).toMatchObject({ id, status: 'pending' });
  expect(await ask({ query: 'proposal', id: '0'.repeat(16), wait_ms: 300_000 }, never)).toBeNull();
});

it('tells a sidecar nothing of what another one asked', async () => {
  const { desk, ask } = await asking();
  const { id } = await desk.connect('git-gate', async () => undefined).propose(samplePush);
  expect(await ask({ query: 'proposal', id, wait_ms: 300_000 }, never)).toBeNull();
});

it.each<[string, unknown]>([
  ['nothing', null],
  ['a text', 'routes'],
  ['another question', { query: 'secrets' }],
  ['a decision', { query: 'proposal', id: '0'.repeat(16), wait_ms: 0, outcome: 'approved' }],
  ['a path for an id', { query: 'proposal', id: '../../x', wait_ms: 0 }],
  ['a wait without end', { query: 'proposal', id: '0'.repeat(16), wait_ms: 1e12 }],
  ['a negative wait', { query: 'proposal', id: '0'.repeat(16), wait_ms: -1 }],
  ['a wait that is none', { query: 'proposal', id: '0'.repeat(16), wait_ms: Number.NaN }],
  ['routes of another bottle', { query: 'routes', bottle: 'other-00000' }],
])('refuses %s', async (_what, raw) => {
  const { ask } = await asking();
  await expect(ask(raw, never)).rejects.toMatchObject({ name: 'ProtocolRefusal', message: 'not a query' });
});
