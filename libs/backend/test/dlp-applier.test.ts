import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import type { ProposalRequest } from '@bot-bottle/supervise';
import { expect, it } from 'vitest';
import { AllowedValues, dlpApplier } from '../src/owner/dlp-applier.ts';
import { answer, deskWorld } from './proposal-samples.ts';

const finding = (digit: string) => ({
  detector: 'token_patterns',
  rule: 'github-pat',
  severity: 'high',
  surface: 'body',
  masked: '****',
  sha256: digit.repeat(64),
});
const held: Extract<ProposalRequest, { kind: 'dlp-hold' }> = {
  kind: 'dlp-hold',
  scheme: 'https',
  method: 'POST',
  host: 'api.example.com',
  target: '/x',
  route: 'manifest:api.example.com',
  findings: [finding('a'), finding('b')],
  more_findings: 1,
};

async function holding(apply: () => Promise<void> = async () => undefined) {
  const allowed = new AllowedValues();
  const world = await deskWorld({ appliers: { 'dlp-hold': dlpApplier(allowed) } });
  const source = world.desk.connect('egress', apply);
  return { ...world, allowed, source, id: (await source.propose(held)).id };
}

it('lets the request go, and remembers what was shown of it for that host', async () => {
  const { desk, allowed, id } = await holding();
  expect(await desk.decide(answer(desk, id))).toMatchObject({
    outcome: 'approved',
    applied: '2 values may leave to api.example.com until the bottle ends',
    grant: null,
  });
  expect(allowed.list()).toEqual(
    ['a', 'b'].map((digit) => ({
      scheme: 'https',
      host: 'api.example.com',
      rule: 'github-pat',
      sha256: digit.repeat(64),
    })),
  );
});

it('remembers nothing when the request could not be let go, and the proposal waits', async () => {
  const { desk, allowed, id } = await holding(async () => {
    throw new ProtocolRefusal('the agent hung up');
  });
  await expect(desk.decide(answer(desk, id))).rejects.toMatchObject({
    code: 'apply_failed',
    message: 'it could not be applied: the agent hung up',
  });
  expect(allowed.list()).toEqual([]);
  expect(desk.list()).toMatchObject([{ deciding: null }]);
});

it('remembers nothing of what is rejected', async () => {
  const { desk, allowed, id } = await holding();
  await desk.decide(answer(desk, id, 'rejected'));
  expect(allowed.list()).toEqual([]);
});

it('needs a reason', async () => {
  const { desk, allowed, id } = await holding();
  await expect(desk.decide({ ...answer(desk, id), reason: ' ' })).rejects.toMatchObject({
    code: 'needs_reason',
  });
  expect(allowed.list()).toEqual([]);
});

it('may be asked by egress only', async () => {
  const { desk } = await holding();
  for (const sidecar of ['supervise', 'git-gate'] as const)
    await expect(desk.connect(sidecar, async () => undefined).propose(held)).rejects.toThrow(/may not ask/);
});
