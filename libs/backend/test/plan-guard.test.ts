import type { BottleManifest } from '@bot-bottle/manifest';
import { describe, expect, it } from 'vitest';
import { parseSettings, preflightJson, renderPreflight } from '@bot-bottle/backend';
import { sampleAgent, sampleRoute } from './sample-agent.ts';
import { samplePlan } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

const pathLookup = async (program: string): Promise<string> => `/usr/bin/${program}`;
const route = sampleRoute({ host: 'a.example' });

function agentOf(changes: Partial<BottleManifest['egress']> = {}, supervise = true) {
  const egress = { ...sampleAgent().bottle.egress, guard: 'pipelock' as const, routes: [route], ...changes };
  return sampleAgent({ bottle: { egress, supervise } });
}

describe('egress.guard: pipelock', () => {
  it('is planned with the program of the host, and shown', async () => {
    const files = sampleRoute({ host: 'files.example', pipelock: { tlsPassthrough: true } });
    const plan = await samplePlan(await tempDir(), agentOf({ routes: [route, files] }), {}, { pathLookup });
    expect(plan.guard).toEqual({ program: '/usr/bin/pipelock', tlsPassthrough: ['files.example'] });
    expect(plan.warnings).toEqual([]);
    expect(preflightJson(plan).guard).toBe('pipelock');
    expect(renderPreflight(plan)).toMatch(/guard\s+pipelock/);
  });

  it('takes the program that BOT_BOTTLE_PIPELOCK names', async () => {
    const deps = { pathLookup: async (program: string) => program, env: { BOT_BOTTLE_PIPELOCK: '/opt/pl' } };
    expect((await samplePlan(await tempDir(), agentOf(), {}, deps)).guard?.program).toBe('/opt/pl');
  });

  it('that is not installed stops the launch, and says how to get it', async () => {
    const none = async (program: string): Promise<string | null> =>
      program === 'pipelock' ? null : '/bin/sh';
    await expect(samplePlan(await tempDir(), agentOf(), {}, { pathLookup: none })).rejects.toMatchObject({
      code: 'program_not_found',
      message: 'egress.guard: pipelock is not found',
      hint: expect.stringContaining('BOT_BOTTLE_PIPELOCK') as string,
    });
  });

  it('is not available on docker, which does not fall back to another guard', async () => {
    const backend = { name: 'docker', reason: 'asked for' } as const;
    await expect(samplePlan(await tempDir(), agentOf(), { backend }, { pathLookup })).rejects.toMatchObject({
      code: 'not_available',
      message: expect.stringContaining('docker') as string,
    });
  });

  it('does not go together with the proxy of the operator', async () => {
    const settings = await parseSettings('upstream_proxy: http://proxy.example:3128', '/settings.yml');
    await expect(samplePlan(await tempDir(), agentOf(), {}, { pathLookup, settings })).rejects.toMatchObject({
      code: 'not_available',
      message: expect.stringContaining('upstream_proxy') as string,
    });
  });

  it('guards at least one host', async () => {
    const alone = agentOf({ routes: [] }, false);
    await expect(samplePlan(await tempDir(), alone, {}, { pathLookup })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('says which hosts a wildcard leaves unopened', async () => {
    const wide = sampleRoute({ host: '*.a.example', pipelock: { tlsPassthrough: true } });
    const plan = await samplePlan(await tempDir(), agentOf({ routes: [route, wide] }), {}, { pathLookup });
    expect(plan.warnings).toEqual([
      'a.example: pipelock does not look into it, because a wildcard leaves it closed',
    ]);
  });
});

it('without the guard its settings have no effect, and that is said', async () => {
  const quiet = sampleRoute({ host: 'a.example', pipelock: { tlsPassthrough: true } });
  const agent = agentOf({ guard: 'builtin', routes: [quiet] });
  const plan = await samplePlan(await tempDir(), agent, {}, { pathLookup });
  expect(plan.guard).toBeNull();
  expect(plan.warnings).toEqual([
    'a.example: pipelock.tls_passthrough has no effect without guard: pipelock',
  ]);
});
