import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ControlClient, controlSocketPath, emptySecrets, launchBottle, SecretStore } from '../src/index.ts';
import type { BottlePlan, LaunchedBottle, LaunchOptions } from '../src/index.ts';
import { fakeBackend, type FakeBackend, type FakeOptions } from './owner-fake-host.ts';
import { sampleAgent } from './sample-agent.ts';
import { samplePlan } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

export interface Prepared {
  readonly folder: string;
  readonly plan: BottlePlan;
  readonly backend: FakeBackend;
  readonly options: LaunchOptions;
  readonly warnings: string[];
}

/** Everything for a launch with the fake backend in a fresh folder. */
export async function prepared(
  argv: readonly string[],
  fake: FakeOptions = {},
  changes: Partial<LaunchOptions> = {},
  keep = false,
): Promise<Prepared> {
  const folder = await tempDir();
  const backend = fakeBackend(folder, fake);
  const plan = await samplePlan(folder, sampleAgent({ bottle: { supervise: false } }), {
    mode: { kind: 'command', argv },
    keep,
  });
  const runtimeDir = join(folder, 'run');
  await mkdir(runtimeDir, { mode: 0o700 });
  const warnings: string[] = [];
  const options: LaunchOptions = {
    plan,
    backend,
    secrets: {
      ...emptySecrets(),
      slots: new SecretStore([['EGRESS_TOKEN_0', 'the-route-token']]),
      env: new SecretStore([['DEPLOY_KEY', 'the-deploy-key']]),
    },
    runtimeDir,
    sidecarPrograms: { egress: '/none/main.js' },
    cwd: folder,
    onWarning: (message) => warnings.push(message),
    ...changes,
  };
  return { folder, plan, backend, options, warnings };
}

export interface Launched extends Prepared {
  readonly launched: LaunchedBottle;
  readonly client: ControlClient;
  readonly socketPath: string;
}

/** A running fake bottle, closed when the test ends. */
export async function launched(...args: Parameters<typeof prepared>): Promise<Launched> {
  const ready = await prepared(...args);
  const bottle = await launchBottle(ready.options);
  onTestFinished(async () => {
    await bottle.close();
  });
  const socketPath = controlSocketPath(ready.options.runtimeDir, bottle.identity);
  return { ...ready, launched: bottle, socketPath, client: new ControlClient(socketPath) };
}
