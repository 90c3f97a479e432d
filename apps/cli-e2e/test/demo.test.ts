import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

describe.each(operators)('demo as $name', (operator) => {
  let world: World;
  beforeAll(() => {
    world = new World(operator);
  });
  afterAll(() => world.close());

  it('passes every step and says so', async () => {
    const { code, stdout, stderr } = await world.cli(['demo'], { timeoutMs: 80_000 });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/expected/i);
    expect(stdout).not.toMatch(/✗/);
  });
});
