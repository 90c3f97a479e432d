import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EffectiveAgent } from '@bot-bottle/manifest';
import {
  parseSettings,
  pathLookup,
  preparePlan,
  type BottlePlan,
  type PlanDeps,
  type PlanRequest,
} from '../src/index.ts';
import { sampleAgent } from './sample-agent.ts';

export interface Hosted {
  readonly hostHome: string;
  readonly deps: PlanDeps;
}

/** A home with state in a fresh folder. */
export async function sampleHost(folder: string, changes: Partial<PlanDeps> = {}): Promise<Hosted> {
  const hostHome = join(folder, 'home');
  const botBottleHome = join(hostHome, '.bot-bottle');
  await mkdir(botBottleHome, { recursive: true, mode: 0o700 });
  const settings = await parseSettings('', join(botBottleHome, 'settings.yml'));
  return {
    hostHome,
    deps: { botBottleHome, hostHome, settings, env: {}, pathLookup: pathLookup('/usr/bin:/bin'), ...changes },
  };
}

export function sampleRequest(
  agent: EffectiveAgent = sampleAgent(),
  changes: Partial<PlanRequest> = {},
): PlanRequest {
  return {
    agent,
    backend: { name: 'bubblewrap', reason: 'the first that works' },
    mode: { kind: 'interactive' },
    cwd: null,
    include: [],
    label: null,
    keep: false,
    extraArgs: [],
    remoteControl: false,
    ...changes,
  };
}

export async function samplePlan(
  folder: string,
  agent?: EffectiveAgent,
  request: Partial<PlanRequest> = {},
  deps: Partial<PlanDeps> = {},
): Promise<BottlePlan> {
  return await preparePlan(sampleRequest(agent, request), (await sampleHost(folder, deps)).deps);
}
