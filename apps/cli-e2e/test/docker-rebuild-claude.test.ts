import { egressGateway } from '@bot-bottle/backend-docker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rebuiltImagesSince } from './support/docker-engine.ts';
import { DockerWorld, hasClaudeImage } from './support/docker-world.ts';
import { eventually } from './support/eventually.ts';
import { answerPieces, fakeAnthropic } from './support/fake-anthropic.ts';
import { plantedSecret } from './support/secrets.ts';
import type { Upstream } from './support/upstream.ts';
import { vendorWorld, type VendorWorld } from './support/vendor-world.ts';

const mark = `claude-mark-${process.pid}`;
const asked = {
  dockerfile: `FROM agent\nUSER root\nRUN printf "#!/bin/sh\\necho ${mark}\\n" > /usr/local/bin/newtool && chmod 755 /usr/local/bin/newtool\n`,
  justification: 'The tests need newtool.',
};

describe.skipIf(!hasClaudeImage())('the real Claude Code CLI asks for a program on docker', () => {
  const env = { E2E_CLAUDE_TOKEN: plantedSecret('sk-ant-oat01') };
  let world: DockerWorld;
  let api: Upstream;
  let vendor: VendorWorld;
  let removeImages = (): void => undefined;
  /** the answer to the last turn of its first life */
  const held = Promise.withResolvers<void>();

  beforeAll(async () => {
    removeImages = rebuiltImagesSince();
    api = fakeAnthropic({ name: 'mcp__supervise__capability-block', input: asked }, held.promise);
    world = new DockerWorld();
    vendor = await vendorWorld(world, api, await egressGateway());
    world.bottle('claude', 'agent_provider: { template: claude, auth_token: E2E_CLAUDE_TOKEN }');
    world.agent('builder', 'claude', 'You build things.');
  });
  afterAll(async () => {
    held.resolve();
    removeImages();
    await vendor.close();
  });

  it('and goes on in the new image with its conversation', async () => {
    const options = { env, timeoutMs: 240_000 };
    const headless = (prompt: string): string[] => ['--yes', '--headless', '--prompt', prompt];
    const running = world.cli(['start', 'builder', ...headless('Run the tests.')], options);
    const open = await eventually(
      'Claude asks',
      async () => {
        const { stdout } = await world.cli(['supervise', 'list', '--json']);
        return (JSON.parse(stdout) as Array<{ id: string; bottle: string }>)[0];
      },
      120_000,
    );
    expect(await world.cli(['supervise', 'approve', open.id], options)).toMatchObject({ code: 0 });
    expect(await running).toMatchObject({ code: 75 });

    held.resolve();
    const before = api.seen.length;
    const resumed = await world.cli(['resume', open.bottle, '--keep', ...headless('Go on.')], options);
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining(answerPieces.join('')) });
    const conversation = api.seen.slice(before).find(({ body }) => body.includes('Go on.'))?.body ?? '';
    // What was asked and what was called in its first life, in one request with the new prompt.
    expect(conversation).toContain('Run the tests.');
    expect(conversation).toContain('mcp__supervise__capability-block');
    expect(conversation).toContain(asked.justification);

    const again = await world.cli(['resume', open.bottle, '--dry-run', ...headless('x')], options);
    expect(again.stdout).toContain('its own, as it was approved');
  }, 400_000);
});
