import { parityCases } from '@bot-bottle/backend/parity';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngine } from './support/engine.ts';
import { localBottle, type LocalBottle } from './support/local-bottle.ts';

const engine = await testEngine();

describe.skipIf(engine === null)('on an engine', () => {
  let local: LocalBottle;
  beforeAll(async () => {
    if (engine !== null) local = await localBottle(engine, { sidecars: ['egress'] });
  });
  afterAll(async () => {
    expect(await local.dispose()).toEqual([]);
  });

  test.each(parityCases.map((one) => [one.name, one] as const))(
    '%s',
    async (_name, one) => {
      const { backend, bottle } = local;
      await one.run({ backend, bottle });
    },
    70_000,
  );

  test('the self-check of a fresh bottle passes', async () => {
    await expect(local.host.selfCheck(local.bottle)).resolves.toBeUndefined();
  });
});
