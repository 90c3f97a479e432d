import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claudePath, hasClaude } from './support/claude-program.ts';
import { eventually } from './support/eventually.ts';
import { answerPieces, fakeAnthropic } from './support/fake-anthropic.ts';
import { operators } from './support/operators.ts';
import { plantedSecret } from './support/secrets.ts';
import type { Upstream } from './support/upstream.ts';
import { vendorWorld, type VendorWorld } from './support/vendor-world.ts';
import { World, type Outcome } from './support/world.ts';

const asked = { host: 'packages.e2e.test', methods: ['GET'], justification: 'The build needs a package.' };

describe.skipIf(!hasClaude).each(operators)('as $name, the real Claude Code CLI asks', (operator) => {
  let world: World;
  let api: Upstream;
  let vendor: VendorWorld;
  const env: Record<string, string> = { E2E_CLAUDE_TOKEN: plantedSecret('sk-ant-oat01') };

  beforeAll(async () => {
    env['PATH'] = claudePath();
    api = fakeAnthropic({ name: 'mcp__supervise__egress-block', input: asked });
    world = new World(operator);
    vendor = await vendorWorld(world, api);
    world.bottle('claude', 'agent_provider: { template: claude, auth_token: E2E_CLAUDE_TOKEN }');
    world.agent('builder', 'claude', 'You build things.');
  });
  afterAll(async () => {
    await vendor.close();
  });

  it('through the registered server, which it lists as connected, and hears the answer', async () => {
    const running: Promise<Outcome> = world.cli(
      ['start', 'builder', '--yes', '--headless', '--prompt', 'Build it.'],
      { env, timeoutMs: 80_000 },
    );
    let ended: Outcome | undefined;
    void running.then((outcome) => (ended = outcome));
    const open = await eventually(
      'the proposal arrives',
      async () => {
        if (ended !== undefined) throw new Error(`it ended without asking: ${JSON.stringify(ended)}`);
        const { stdout } = await world.cli(['supervise', 'list', '--json']);
        return (JSON.parse(stdout) as Array<{ id: string; bottle: string; asks: string }>)[0];
      },
      60_000,
    );
    expect(open.asks).toContain('packages.e2e.test');
    const listed = await world.cli(['exec', open.bottle, '--', 'claude', 'mcp', 'list'], { env });
    expect(listed.stdout).toMatch(/supervise: http:\/\/supervise:9100 .*✔ Connected/);

    const approved = await world.cli(['supervise', 'approve', open.id, '--minutes', '2', '--reason', 'fine']);
    expect(approved).toMatchObject({ code: 0 });
    const outcome = await running;
    expect({ code: outcome.code, stderr: outcome.stderr }).toMatchObject({ code: 0 });
    expect(outcome.stdout).toContain(answerPieces.join(''));
    const bodies = api.seen.map(({ body }) => body).filter((body) => body.includes('tool_result'));
    expect(bodies.at(-1)).toMatch(/approved/);
    expect(bodies.at(-1)).toMatch(/for 2 minutes/);
    expect(outcome.stderr).not.toMatch(/could not be registered/);
  });
});
