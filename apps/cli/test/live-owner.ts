import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  emptySecrets,
  launchBottle,
  loadSettings,
  pathLookup,
  preparePlan,
  sidecarNames,
  type Backend,
  type Bottle,
  type BottleHost,
  type ExitStatus,
  type LaunchedBottle,
  type HelperName,
  type SidecarProcess,
} from '@bot-bottle/backend';
import { loadManifestIndex } from '@bot-bottle/manifest';
import type { ProposalRequest } from '@bot-bottle/supervise';
import { onTestFinished } from 'vitest';
import type { TempHome } from './temp-home.ts';

export interface LiveOwner {
  readonly launched: LaunchedBottle;
  readonly identity: string;
  readonly warnings: string[];
  readonly close: () => Promise<readonly string[]>;
}

type Mode = 'applies' | 'refuses';

/** A real owner with its control socket in this process, whose git gate asks; only the isolation is left out. */
export async function liveOwner(
  world: TempHome,
  mode: Mode,
  requests: readonly ProposalRequest[],
): Promise<LiveOwner> {
  return await ownerOf(world, { 'git-gate': ['asking-sidecar.ts', mode, ...requests.map(asText)] });
}

/** The same with routes: the agent asks for reach, and egress does as `table-sidecar.ts` says. */
export async function reachOwner(
  world: TempHome,
  requests: readonly ProposalRequest[] = [],
  tables: readonly string[] = ['applies'],
): Promise<LiveOwner> {
  return await ownerOf(world, {
    egress: ['table-sidecar.ts', ...tables],
    supervise: ['asking-sidecar.ts', 'applies', ...requests.map(asText)],
  });
}

/** The same on a backend that rebuilds: the agent asks for an image, and `build` makes it. */
export async function imageOwner(
  world: TempHome,
  requests: readonly ProposalRequest[],
  build: NonNullable<BottleHost['rebuild']>,
): Promise<LiveOwner> {
  return await ownerOf(
    world,
    { supervise: ['asking-sidecar.ts', 'applies', ...requests.map(asText)] },
    build,
  );
}

const asText = (request: ProposalRequest): string => JSON.stringify(request);

/** What runs as which sidecar: a file of this folder, and its arguments. */
type Sidecars = Readonly<Partial<Record<HelperName, readonly [string, ...string[]]>>>;

async function ownerOf(
  world: TempHome,
  sidecars: Sidecars,
  build: BottleHost['rebuild'] | null = null,
): Promise<LiveOwner> {
  const index = await loadManifestIndex({ botBottleHome: world.home, cwd: null });
  const settings = await loadSettings(world.home);
  const plan = await preparePlan(
    {
      agent: await index.agent('worker'),
      backend: { name: 'bubblewrap', reason: 'test' },
      mode: { kind: 'command', argv: ['true'] },
      cwd: null,
      include: [],
      label: null,
      keep: false,
      extraArgs: [],
      remoteControl: false,
    },
    {
      botBottleHome: world.home,
      hostHome: world.dir,
      settings,
      env: { API_TOKEN: 'a-secret' },
      pathLookup: pathLookup('/usr/bin:/bin'),
    },
  );
  // Whatever its file says: where nobody is to be asked, no sidecar can.
  const agent = { ...plan.agent, bottle: { ...plan.agent.bottle, supervise: true } };
  const warnings: string[] = [];
  const launched: LaunchedBottle = await launchBottle({
    plan: { ...plan, agent, sidecars: sidecarNames.filter((name) => sidecars[name] !== undefined) },
    secrets: emptySecrets(),
    backend: localBackend(join(world.dir, 'guest'), sidecars, build),
    runtimeDir: join(world.dir, 'run', 'bot-bottle'),
    sidecarPrograms: Object.fromEntries(
      Object.entries(sidecars).map(([name, [file]]) => [name, join(import.meta.dirname, file)]),
    ),
    cwd: world.cwd,
    onWarning: (message) => warnings.push(message),
  });
  const close = async (): Promise<readonly string[]> => await launched.close();
  onTestFinished(async () => void (await close()));
  return { launched, identity: launched.identity, warnings, close };
}

function localBackend(guest: string, sidecars: Sidecars, build: BottleHost['rebuild'] | null): Backend {
  return {
    name: 'bubblewrap',
    capabilities: { rootExec: false, rebuild: build !== null, gvisor: false, resourceLimits: [] },
    probe: async () => ({ available: true, detail: 'local' }),
    leftovers: async () => [],
    open: async () => ({
      listenAddress: () => 'unix:/none',
      startSidecar: async ({ name, program }) => {
        const [, ...args] = sidecars[name] ?? [];
        return run(process.execPath, ['--conditions=@bot-bottle/source', program, ...args], {}, '/');
      },
      startBottle: async () => await localBottle(guest),
      selfCheck: async () => undefined,
      pids: () => [],
      ...(build === null || build === undefined ? {} : { rebuild: build }),
      close: async () => [],
    }),
  };
}

/** Processes of this machine, with `/home/node` standing for a folder. */
async function localBottle(guest: string): Promise<Bottle> {
  await mkdir(guest, { recursive: true });
  const ended = Promise.withResolvers<void>();
  return {
    identity: 'local',
    exited: ended.promise,
    close: async () => ended.resolve(),
    spawn: async (argv) => {
      const [program = '', ...args] = argv.map((text) => text.replace(/^\/home\/node(?=\/|$)/, guest));
      const child = run(program, args, { PATH: process.env['PATH'] ?? '', HOME: guest }, guest);
      return { ...child, resize: () => undefined };
    },
  };
}

function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): SidecarProcess {
  const child = spawn(program, args, { env, cwd, stdio: 'pipe' });
  const exited = new Promise<ExitStatus>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const { stdin, stdout, stderr, pid = null } = child;
  return { stdin, stdout, stderr, pid, exited, kill: (signal) => void child.kill(signal) };
}
