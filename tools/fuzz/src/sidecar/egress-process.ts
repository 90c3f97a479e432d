import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExitStatus, SidecarProcess } from '@bot-bottle/backend';
import { mintAuthority } from '@bot-bottle/egress';
import type { EgressConfigInput, Route } from '@bot-bottle/egress';
import { sidecarRuntime } from '@bot-bottle/sidecar-protocol';
import { openSidecar } from '../../../../libs/backend/test/support/sidecar-host.ts';
import { processFigures } from './process-figures.ts';
import type { ProcessFigures } from './process-figures.ts';

export interface EgressProcessOptions {
  readonly routes: readonly Route[];
  readonly hosts: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** PEM of the CA that upstreams are verified against, besides the system's */
  readonly extraCa?: string | null;
  readonly limits?: EgressConfigInput['limits'];
  /** milliseconds before a sidecar that died is started anew, doubled each time; default that of the launcher */
  readonly backoffMs?: number;
  /** whether the bundle that is shipped is run, which must have been built, instead of the sources; default false */
  readonly isBuilt?: boolean;
  readonly onEvents?: (events: readonly unknown[]) => void;
}

/** What a process holds, told by itself after a full collection. */
export interface HeldResources {
  /** by kind, e.g. Timeout, TCPSocketWrap */
  readonly resources: Readonly<Record<string, number>>;
  readonly heapUsed: number;
}

export interface EgressProcess {
  /** path of the unix socket that agents connect to; the same in every life */
  readonly socket: string;
  /** CA that agents trust */
  readonly ca: string;
  /** lives begun so far */
  readonly lives: number;
  readonly pid: number;
  /** whether it serves, as far as its launcher knows */
  readonly isServing: boolean;
  readonly warnings: readonly string[];
  figures(): ProcessFigures | null;
  /** what the present life holds; rejects when it does not say so in time */
  held(): Promise<HeldResources>;
  setTable(routes: readonly Route[]): Promise<string | null>;
  /** as a crash or the kernel would end it */
  killHard(): void;
  close(): Promise<void>;
}

const PROBE_MS = 20_000;

/**
 * The real egress program on a unix socket, run by the code that runs it in a bottle's owner: configured and given its
 * secrets over stdio, every audit event acknowledged, started anew when it dies. Without the sandbox.
 */
export async function startEgress(options: EgressProcessOptions): Promise<EgressProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'fuzz-egress-'));
  const socket = join(folder, 'egress.sock');
  const ca = await mintAuthority({ bottle: 'soak', days: 1 });
  const program = programFile(options.isBuilt ?? false);
  const warnings: string[] = [];
  const state = { lives: 0, pid: 0, isServing: false, routes: options.routes };
  const probes = new Set<(held: HeldResources) => void>();
  const sidecar = openSidecar({
    host: {
      startSidecar: async (): Promise<SidecarProcess> => {
        const child = spawnProgram(program);
        state.lives += 1;
        state.pid = child.pid ?? 0;
        child.once('exit', () => (state.isServing = false));
        return asSidecar(child, probes);
      },
    },
    spec: { name: 'egress', program, network: true, programs: [], scratch: false },
    setup: () => ({
      config: configOf(options, state.routes, socket, ca.cert),
      secrets: { ...options.secrets, EGRESS_CA_KEY: ca.key },
    }),
    onAudit: async (events) => options.onEvents?.(events),
    logFile: join(folder, 'egress.log'),
    onWarning: (message) => {
      warnings.push(message);
      if (message.endsWith('serves again')) state.isServing = true;
    },
    ...(options.backoffMs === undefined ? {} : { backoffMs: options.backoffMs }),
  });
  const close = async (): Promise<void> => {
    await sidecar.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await sidecar.ready;
  } catch (error) {
    await close();
    throw error;
  }
  state.isServing = true;
  return {
    socket,
    ca: ca.cert,
    get lives() {
      return state.lives;
    },
    get pid() {
      return state.pid;
    },
    get isServing() {
      return state.isServing;
    },
    warnings,
    figures: () => processFigures(state.pid),
    held: () => askProbe(state.pid, probes),
    setTable: async (routes) => {
      const digest = await sidecar.setTable({ version: 1, routes }, AbortSignal.timeout(10_000));
      state.routes = routes;
      return digest;
    },
    killHard: () => {
      state.isServing = false;
      process.kill(state.pid, 'SIGKILL');
    },
    close,
  };
}

function programFile(isBuilt: boolean): string {
  const source = fileURLToPath(import.meta.resolve('@bot-bottle/sidecar-egress/main'));
  if (!isBuilt) return source;
  const built = source.replace(/src\/main\.ts$/, 'dist/main.js');
  if (existsSync(built)) return built;
  throw new Error('the egress sidecar is not built: run `npx nx build sidecar-egress`');
}

function spawnProgram(program: string): ChildProcess {
  const probe = new URL('resource-probe.ts', import.meta.url).href;
  const { options, env } = sidecarRuntime('egress');
  return spawn(
    process.execPath,
    ['--conditions=@bot-bottle/source', ...options, '--expose-gc', `--import=${probe}`, program],
    { env: { BOT_BOTTLE_CONTROL: 'stdio', ...env }, stdio: ['pipe', 'pipe', 'pipe'] },
  );
}

function asSidecar(child: ChildProcess, probes: Set<(held: HeldResources) => void>): SidecarProcess {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('the sidecar has no pipes');
  createInterface({ input: stderr }).on('line', (line) => {
    if (!line.startsWith('{"event":"probe"')) return;
    const held = JSON.parse(line) as HeldResources;
    for (const tell of probes) tell(held);
  });
  const exited = new Promise<ExitStatus>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return {
    stdin,
    stdout,
    stderr,
    pid: child.pid ?? null,
    exited,
    kill: (signal) => void child.kill(signal),
  };
}

function askProbe(pid: number, probes: Set<(held: HeldResources) => void>): Promise<HeldResources> {
  return new Promise((resolve, reject) => {
    const settle = (held: HeldResources | null): void => {
      clearTimeout(timer);
      probes.delete(settle);
      if (held === null) reject(new Error('the sidecar did not say in time what it holds'));
      else resolve(held);
    };
    const timer = setTimeout(() => settle(null), PROBE_MS);
    probes.add(settle);
    process.kill(pid, 'SIGUSR2');
  });
}

function configOf(
  options: EgressProcessOptions,
  routes: readonly Route[],
  socket: string,
  ca: string,
): EgressConfigInput {
  return {
    bottle: 'soak',
    listen: `unix:${socket}`,
    table: { version: 1, routes: [...routes] },
    ca: { cert: ca },
    extra_ca: options.extraCa ?? null,
    upstream_proxy: null,
    hosts: { ...options.hosts },
    supervise: true,
    budget: { request_bytes: null, total_bytes: null },
    dlp_allow: [],
    env_secrets: {},
    log: 1,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  };
}
