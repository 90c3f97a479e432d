import type { Availability, Capabilities } from '@bot-bottle/backend';
import { visibleLine } from '@bot-bottle/audit';
import { z } from 'zod';
import type { EngineConnection } from './engine/connect-engine.ts';
import { reasonOf, systemCodeOf } from './engine/engine-error.ts';
import { within } from './engine/within.ts';

const limitMs = 5000;
/** Engine 20.10. */
const oldestApi = [1, 41] as const;

const versionSchema = z.object({ Version: z.string(), ApiVersion: z.string(), Os: z.string() });
const infoSchema = z.object({
  MemoryLimit: z.boolean().optional(),
  CpuCfsQuota: z.boolean().optional(),
  PidsLimit: z.boolean().optional(),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  DefaultRuntime: z.string().optional(),
  OSType: z.string().optional(),
});

export interface Probed {
  readonly availability: Availability;
  readonly capabilities: Capabilities;
}

/** What is promised of an engine that nobody asked yet. */
export const unknownCapabilities: Capabilities = {
  rootExec: false,
  rebuild: false,
  gvisor: false,
  resourceLimits: [],
};

/** OCI runtimes whose containers can share namespaces; those with a kernel of their own cannot. */
const sharing: ReadonlySet<string> = new Set(['runc', 'crun', 'io.containerd.runc.v2']);

/**
 * Asks the engine whether it can hold bottles, and which limits it enforces.
 *
 * @param runtime OCI runtime that the operator chose for agents, null: none
 */
export async function probeEngine(
  { docker, address }: EngineConnection,
  runtime: string | null = null,
): Promise<Probed> {
  try {
    const [version, info] = await within(
      'asking the engine',
      Promise.all([docker.version(), docker.info()]),
      limitMs,
    );
    const { Version, ApiVersion, Os } = versionSchema.parse(version);
    const engine = visibleLine(`Docker ${Version} at ${address.display}`, 200);
    if (Os !== 'linux') return missing(`${engine} runs no Linux containers`, 'switch it to Linux containers');
    if (isOlder(ApiVersion))
      return missing(
        `${engine} is too old (API ${visibleLine(ApiVersion, 20)})`,
        'install Docker 20.10 or newer',
      );
    return {
      availability: { available: true, detail: engine },
      capabilities: capabilitiesOf(infoSchema.parse(info), runtime),
    };
  } catch (error) {
    return whyNot(error, address.display, address.kind === 'unix' ? address.path : null);
  }
}

function capabilitiesOf(info: z.infer<typeof infoSchema>, runtime: string | null): Capabilities {
  const limits: Array<Capabilities['resourceLimits'][number]> = [];
  if (info.MemoryLimit === true) limits.push('memory');
  if (info.CpuCfsQuota === true) limits.push('cpus');
  if (info.PidsLimit === true) limits.push('pids');
  const gvisor = Object.hasOwn(info.Runtimes ?? {}, 'runsc');
  return {
    ...unknownCapabilities,
    // A rebuilt image runs in the namespaces of another container.
    rebuild: sharing.has(runtime ?? (gvisor ? 'runsc' : (info.DefaultRuntime ?? 'runc'))),
    gvisor,
    resourceLimits: limits,
  };
}

function whyNot(error: unknown, display: string, socket: string | null): Probed {
  const code = systemCodeOf(error);
  if (code === 'EACCES' || code === 'EPERM')
    return missing(
      `${display} may not be opened by this user`,
      'add yourself to the group docker (who is in it is root on this host) and log in again, or use a rootless engine',
    );
  if (code === 'ENOENT' && socket !== null)
    return missing(
      `no Docker engine is at ${display}`,
      'install Docker Engine and start it, e.g. sudo systemctl start docker, or set docker.host or DOCKER_HOST',
    );
  if (code === 'ECONNREFUSED')
    return missing(
      `the Docker engine at ${display} is not running`,
      'start it, e.g. sudo systemctl start docker',
    );
  return missing(
    `the Docker engine at ${display} does not answer as one: ${reasonOf(error)}`,
    'see whether `docker version` works; docker.host or DOCKER_HOST names another engine',
  );
}

function missing(reason: string, remedy: string): Probed {
  return { availability: { available: false, reason, remedy }, capabilities: unknownCapabilities };
}

function isOlder(api: string): boolean {
  const [major = 0, minor = 0] = api.split('.').map(Number);
  return major < oldestApi[0] || (major === oldestApi[0] && minor < oldestApi[1]);
}
