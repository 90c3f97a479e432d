import {
  openForParity,
  parityCases,
  runCase,
  type BottleCase,
  type BottleContext,
} from '@bot-bottle/backend/parity';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngine } from './support/engine.ts';
import { backendOn } from './support/local-bottle.ts';

const engine = await testEngine();
const cases = parityCases.filter((each): each is BottleCase => each.needs === 'bottle');

/** Cases of whole launches run where the built sidecars are, in apps/cli-e2e. */
describe.skipIf(engine === null)('on an engine, as on every backend', () => {
  let context: BottleContext;
  let close: () => Promise<readonly string[]>;
  beforeAll(async () => {
    if (engine === null) return;
    const backend = backendOn(engine);
    // From here on it knows what the engine enforces.
    expect(await backend.probe()).toMatchObject({ available: true });
    ({ context, close } = await openForParity({ backend }));
  }, 300_000);
  afterAll(async () => {
    expect(await close()).toEqual([]);
  });

  test.each(cases.map((one) => [one.name, one] as const))(
    '%s',
    async (_name, one) => {
      await runCase(one, context);
    },
    130_000,
  );
});
