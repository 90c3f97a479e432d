import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { egressGateway } from '@bot-bottle/backend-docker';
import { egressNetwork } from '../src/networks/egress-network.ts';
import { testEngine } from './support/engine.ts';

const engine = await testEngine();

describe.skipIf(engine === null)('the network to the outside', () => {
  const own = `bb-test-egress-${process.pid}`;
  const closed = `bb-test-closed-${process.pid}`;
  beforeAll(async () => {
    const Labels = { 'bot-bottle-test': 'egress' };
    const subnet = (Subnet: string) => ({ Config: [{ Subnet }] });
    await engine?.docker.createNetwork({ Name: own, Labels, IPAM: subnet('10.210.251.0/28') });
    await engine?.docker.createNetwork({
      Name: closed,
      Labels,
      Internal: true,
      IPAM: subnet('10.210.251.16/28'),
    });
  });
  afterAll(async () => {
    for (const name of [own, closed]) await engine?.docker.getNetwork(name).remove();
  });

  test('is one for all who ask at the same time, and its containers cannot reach each other', async () => {
    if (engine === null) return;
    const { docker } = engine;
    const ids = await Promise.all(Array.from({ length: 10 }, () => egressNetwork(docker, null)));
    expect(new Set(ids).size).toBe(1);
    const found = await docker.getNetwork(ids[0] ?? '').inspect();
    expect(found).toMatchObject({
      Internal: false,
      Options: { 'com.docker.network.bridge.enable_icc': 'false' },
    });
  });

  test('is the one that settings.yml names', async () => {
    if (engine === null) return;
    const { Id } = await engine.docker.getNetwork(own).inspect();
    expect(await egressNetwork(engine.docker, own)).toBe(Id);
    expect(await egressGateway({ egressNetwork: own })).toBe('10.210.251.1');
  });

  test.each([
    [`${own}-none`, /names no network/],
    [closed, /is internal: nothing gets out/],
  ])('%s is refused: nothing falls back to another one', async (name, message) => {
    if (engine === null) return;
    await expect(egressNetwork(engine.docker, name)).rejects.toMatchObject({
      code: 'settings_invalid',
      message: expect.stringMatching(message),
    });
  });
});
