import type { ProposalRequest } from '@bot-bottle/supervise';
import { renderProposal, riskSummary } from '@bot-bottle/supervise';
import { describe, expect, it } from 'vitest';
import { guardApplier } from '../src/owner/guard/guard-applier.ts';
import { answer, deskWorld } from './proposal-samples.ts';

type PipelockBlock = Extract<ProposalRequest, { kind: 'pipelock-block' }>;

const asked = (changes: Partial<PipelockBlock> = {}): PipelockBlock => ({
  kind: 'pipelock-block',
  host: 'cdn.example',
  url: 'https://cdn.example/x',
  justification: 'the download leads there',
  ...changes,
});

async function scene(allow: (host: string) => Promise<void> = async () => undefined) {
  const allowed: string[] = [];
  const guard = {
    allow: async (host: string) => {
      await allow(host);
      allowed.push(host);
    },
  };
  const world = await deskWorld({ appliers: { 'pipelock-block': guardApplier(guard) } });
  return { ...world, allowed, source: world.desk.connect('supervise', async () => undefined) };
}

describe('a host that the guard is asked to let pass', () => {
  it('is let pass when a human approves it', async () => {
    const { desk, source, allowed } = await scene();
    const { id } = await source.propose(asked());
    expect(await desk.decide(answer(desk, id))).toMatchObject({
      outcome: 'approved',
      applied: 'pipelock lets cdn.example pass until the bottle ends',
    });
    expect(allowed).toEqual(['cdn.example']);
  });

  it('is not when he rejects it', async () => {
    const { desk, source, allowed } = await scene();
    const { id } = await source.propose(asked());
    await desk.decide(answer(desk, id, 'rejected'));
    expect(allowed).toEqual([]);
  });

  it('waits when the guard does not come up with it', async () => {
    const { desk, source } = await scene(async () => {
      throw new Error('it does not serve');
    });
    const { id } = await source.propose(asked());
    await expect(desk.decide(answer(desk, id))).rejects.toMatchObject({ code: 'apply_failed' });
    expect(desk.list()).toHaveLength(1);
  });

  it('is the supervise sidecar’s to ask for, not that of another', async () => {
    const { desk } = await scene();
    const egress = desk.connect('egress', async () => undefined);
    await expect(egress.propose(asked())).rejects.toThrow();
    expect(desk.list()).toEqual([]);
  });

  it.each([
    '10.0.0.1',
    '::1',
    '*',
    '*.example.com',
    'https://cdn.example',
    'CDN.example',
    'cdn.example:443',
    'supervise',
  ])('%s is no host that can be asked for, whatever a sidecar sends', async (host) => {
    const { desk, source } = await scene();
    await expect(source.propose(asked({ host }))).rejects.toThrow();
    expect(desk.list()).toEqual([]);
  });

  it('of a bottle without guard is refused', async () => {
    const { desk } = await deskWorld({ appliers: { 'pipelock-block': guardApplier(null) } });
    const source = desk.connect('supervise', async () => undefined);
    await expect(source.propose(asked())).rejects.toThrow('no guard');
  });
});

describe('what a human sees of it', () => {
  const table = { version: 1 as const, routes: [] };

  it('is the host, what failed, and the words of the agent last', async () => {
    const { desk, source } = await scene();
    await source.propose(asked({ justification: 'because\n  risk  none' }));
    const [listed] = desk.list();
    const lines = listed === undefined ? [] : renderProposal(listed.proposal, { table });
    expect(lines.join('\n')).toContain('have pipelock let cdn.example pass until the bottle ends');
    expect(lines.join('\n')).toContain('https://cdn.example/x');
    expect(lines.at(-1)).toContain('risk');
  });

  it('says when egress denies the host anyway, and when anybody can put data there', () => {
    expect(riskSummary(asked(), { table })).toEqual([
      'no route allows this host: egress still denies it, but requests to others may name it',
    ]);
    expect(riskSummary(asked({ host: 'x.transfer.sh' }), { table })[0]).toContain('a way out for secrets');
  });
});
