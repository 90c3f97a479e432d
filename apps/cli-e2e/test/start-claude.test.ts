import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claudePath, hasClaude } from './support/claude-program.ts';
import { answerPieces, fakeAnthropic } from './support/fake-anthropic.ts';
import { operators } from './support/operators.ts';
import { filesHolding, plantedSecret } from './support/secrets.ts';
import type { Upstream } from './support/upstream.ts';
import { vendorWorld, type VendorWorld } from './support/vendor-world.ts';
import { World } from './support/world.ts';

describe.skipIf(!hasClaude).each(operators)('start as $name: the real Claude Code CLI', (operator) => {
  const token = plantedSecret('sk-ant-oat01');
  let world: World;
  let api: Upstream;
  let vendor: VendorWorld;
  let searchPath = '';

  beforeAll(async () => {
    searchPath = claudePath();
    api = fakeAnthropic();
    world = new World(operator);
    vendor = await vendorWorld(world, api);
    world.bottle(
      'claude',
      'agent_provider: { template: claude, auth_token: E2E_CLAUDE_TOKEN }\nsupervise: false',
    );
    world.agent('reviewer', 'claude', 'You answer in one sentence.');
  });
  afterAll(async () => {
    await vendor.close();
  });

  it('answers a prompt through egress with the real token, which it never had', async () => {
    const outcome = await world.cli(
      ['start', 'reviewer', '--backend', 'bubblewrap', '--yes', '--headless', '--prompt', 'Is it safe?'],
      {
        env: { E2E_CLAUDE_TOKEN: token, PATH: searchPath },
        timeoutMs: 80_000,
      },
    );
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining(answerPieces.join('')) });
    expect(outcome.stdout + outcome.stderr).not.toContain(token);

    const messages = api.seen.filter((seen) => seen.url.startsWith('/v1/messages'));
    expect(messages.length).toBeGreaterThan(0);
    expect(new Set(messages.map((seen) => seen.headers.authorization))).toEqual(new Set([`Bearer ${token}`]));
    expect(messages.some((seen) => seen.body.includes('You answer in one sentence.'))).toBe(true);
    expect(new Set(vendor.proxy.targets)).toEqual(new Set(['api.anthropic.com:443']));
    expect(filesHolding(token, [world.botBottleHome])).toEqual([]);
  });

  it('holds only the placeholder', async () => {
    const outcome = await world.run('reviewer', 'env; cat ~/.claude.json ~/.claude/* 2>/dev/null', {
      env: { E2E_CLAUDE_TOKEN: token, PATH: searchPath },
    });
    expect(outcome.stdout).toContain('CLAUDE_CODE_OAUTH_TOKEN=egress-placeholder');
    expect(outcome.stdout).not.toContain(token);
  });
});
