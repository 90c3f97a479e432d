import { PassThrough } from 'node:stream';
import { mkdir, mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestFromObject } from '@bot-bottle/manifest';
import type { Bottle, ExitStatus } from '../contracts.ts';
import { ControlClient } from '../owner/control-client.ts';
import { launchBottle, type LaunchOptions } from '../owner/launch-bottle.ts';
import { controlSocketPath } from '../owner/runtime-dir.ts';
import type { BottlePlan, RunMode } from '../plan/bottle-plan.ts';
import { pathLookup } from '../plan/find-program.ts';
import { preparePlan, type PlanDeps } from '../plan/prepare-plan.ts';
import { execInBottle, type ExecResult } from '../provision/exec-in-bottle.ts';
import { resolveSecrets } from '../secrets/resolve-secrets.ts';
import { parseSettings } from '../settings/parse-settings.ts';
import { textOf } from './in-bottle.ts';
import type { ParitySubject } from './parity-case.ts';

/** What is launched; everything else is the same in every case. */
export interface LaunchWish {
  /** front matter of the bottle beside its provider */
  readonly bottle?: Readonly<Record<string, unknown>>;
  /** argv of the agent, default a shell */
  readonly command?: readonly string[];
  /** default a headless run without a prompt */
  readonly mode?: RunMode;
  /** environment of the operator */
  readonly hostEnv?: Readonly<Record<string, string>>;
  /** what he answers when he is asked; absent: there is no terminal */
  readonly answer?: (question: string) => string;
  readonly keep?: boolean;
  /** folder of the host that is copied in */
  readonly cwd?: string;
  /** the kept bottle that is launched again */
  readonly resume?: { readonly identity: string; readonly workspace: boolean };
  /** told what was planned, before anything starts */
  readonly onPlan?: (plan: BottlePlan) => void;
  /** default those of the launcher */
  readonly sidecarPrograms?: LaunchOptions['sidecarPrograms'];
}

/** A bottle that was launched; its program runs when `main` is called. */
export interface ParityLaunched {
  readonly plan: BottlePlan;
  readonly bottle: Bottle;
  readonly client: ControlClient;
  /** Runs the agent's program to its end. */
  main(): Promise<{ readonly status: ExitStatus; readonly stdout: string }>;
  /** Runs a shell script as `exec` does, with the environment of the agent. */
  inside(script: string): Promise<ExecResult>;
  /** Ends it; what could not be undone is returned. Later calls give the same. */
  close(): Promise<readonly string[]>;
}

/** Whole launches on one backend, each in the home folder of the launcher's own operator. */
export interface ParityLauncher {
  /** a folder for the work of cases, gone with the launcher */
  readonly folder: string;
  /** `~/.bot-bottle` */
  readonly home: string;
  readonly runtimeDir: string;
  /** @throws what `preparePlan`, `resolveSecrets` and `launchBottle` throw */
  launch(wish: LaunchWish): Promise<ParityLaunched>;
  /** Ends what still runs and removes the folder. */
  close(): Promise<void>;
}

/**
 * Launches as the CLI does: manifest, plan, secrets, owner, sidecars. A backend of somebody else needs nothing but the
 * built programs of the sidecars.
 */
export async function parityLauncher(
  { backend }: ParitySubject,
  sidecarPrograms: LaunchOptions['sidecarPrograms'],
): Promise<ParityLauncher> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-parity-'));
  // A backend started by root may run its bottles as another user, who must get through.
  await chmod(folder, 0o711);
  const hostHome = join(folder, 'home');
  const home = join(hostHome, '.bot-bottle');
  const runtimeDir = join(folder, 'run');
  await mkdir(home, { recursive: true, mode: 0o700 });
  await mkdir(runtimeDir, { mode: 0o700 });
  const settings = await parseSettings('', join(home, 'settings.yml'));
  const open = new Set<ParityLaunched>();

  const launch = async (wish: LaunchWish): Promise<ParityLaunched> => {
    const env = { PATH: process.env['PATH'] ?? '', ...wish.hostEnv };
    const deps: PlanDeps = {
      botBottleHome: home,
      hostHome,
      settings,
      env,
      pathLookup: pathLookup('/usr/bin:/bin'),
    };
    const plan = await planOf(backend.name, wish, deps);
    wish.onPlan?.(plan);
    const { answer = null } = wish;
    const secrets = await resolveSecrets(plan, {
      env,
      ask: answer === null ? null : async (question) => answer(question),
    });
    const launched = await launchBottle({
      plan,
      secrets,
      backend,
      runtimeDir,
      sidecarPrograms: wish.sidecarPrograms ?? sidecarPrograms,
      cwd: folder,
    });
    const made: ParityLaunched = {
      plan,
      bottle: launched.bottle,
      client: new ControlClient(controlSocketPath(runtimeDir, plan.identity)),
      main: async () => {
        const stdout = new PassThrough();
        const [text, status] = await Promise.all([
          textOf(stdout),
          launched.runMain({ stdin: null, stdout, stderr: null, tty: null }).finally(() => stdout.end()),
        ]);
        return { status, stdout: text };
      },
      inside: (script) => execInBottle(launched.bottle, ['sh', '-c', script], { env: launched.env }),
      close: () => launched.close(),
    };
    open.add(made);
    return made;
  };
  return {
    folder,
    home,
    runtimeDir,
    launch,
    close: async () => {
      for (const each of open) await each.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function planOf(
  backend: ParitySubject['backend']['name'],
  wish: LaunchWish,
  deps: PlanDeps,
): Promise<BottlePlan> {
  const { command = ['sh'], mode = { kind: 'headless', prompt: '' }, resume } = wish;
  const bottle = {
    supervise: false,
    ...wish.bottle,
    agent_provider: { template: 'command', command: [...command] },
  };
  const agents = { parity: { bottle: 'parity', prompt: 'Be alike.' } };
  const agent = manifestFromObject({ bottles: { parity: bottle }, agents }).agent('parity');
  return await preparePlan(
    {
      agent,
      backend: { name: backend, reason: 'under test' },
      mode,
      cwd: wish.cwd ?? null,
      include: [],
      label: null,
      keep: wish.keep ?? false,
      extraArgs: [],
      remoteControl: false,
      ...(resume === undefined ? {} : { identity: resume.identity, keptWorkspace: resume.workspace }),
    },
    deps,
  );
}
