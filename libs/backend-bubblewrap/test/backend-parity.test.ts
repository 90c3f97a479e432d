import { parityCases } from '@bot-bottle/backend/parity';
import { createBubblewrapBackend } from '@bot-bottle/backend-bubblewrap';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalBottle, localBottle } from './support/local-bottle.ts';

let local: LocalBottle;
beforeAll(async () => {
  local = await localBottle({ sidecars: ['egress'] });
});
afterAll(() => local.dispose());

test.each(parityCases.map((one) => [one.name, one] as const))(
  '%s',
  async (_name, one) => {
    const { bottle } = local;
    await one.run({ backend: createBubblewrapBackend(), bottle });
  },
  70_000,
);

test('the self-check of a fresh bottle passes', async () => {
  await expect(local.host.selfCheck(local.bottle)).resolves.toBeUndefined();
});
