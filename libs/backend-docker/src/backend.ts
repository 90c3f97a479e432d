import { BackendError, type Backend, type Capabilities } from '@bot-bottle/backend';
import { connectEngine, type EngineConnection } from './engine/connect-engine.ts';
import { engineError } from './engine/engine-error.ts';
import { DockerHost } from './host.ts';
import { baseOf } from './base-of.ts';
import { findLeftovers } from './leftovers.ts';
import { probeEngine, unknownCapabilities } from './probe.ts';

export interface DockerOptions {
  /** engine address; default DOCKER_HOST, else the usual socket */
  readonly host?: string | null;
  /** OCI runtime of the agent; default runsc when the engine has it, else the engine's own */
  readonly runtime?: string | null;
  /** network that egress and git-gate join; default a bridge of our own that all bottles share */
  readonly egressNetwork?: string | null;
  /** image that ours are built on; default BOT_BOTTLE_BASE_IMAGE, else `node:24-slim` */
  readonly baseImage?: string | null;
  /** environment that DOCKER_HOST and its like are read from; default that of this process */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Bottles made of containers of a Docker engine. Nothing is sent before `probe` or `open`; `capabilities` promises
 * nothing that only the engine knows before the first `probe` was answered.
 */
export function createDockerBackend(options: DockerOptions = {}): Backend {
  const env = options.env ?? process.env;
  const baseImage = baseOf(options);
  let capabilities: Capabilities = unknownCapabilities;
  let connection: Promise<EngineConnection> | null = null;
  const connect = (): Promise<EngineConnection> => {
    connection ??= connectEngine({ host: options.host ?? null, env });
    return connection;
  };
  const probe = async (): ReturnType<Backend['probe']> => {
    let engine: EngineConnection;
    try {
      engine = await connect();
    } catch (error) {
      if (!BackendError.isInstance(error)) throw error;
      return { available: false, reason: error.message, remedy: error.hint ?? 'put it right' };
    }
    const found = await probeEngine(engine, options.runtime ?? null);
    capabilities = found.capabilities;
    return found.availability;
  };
  return {
    name: 'docker',
    get capabilities() {
      return capabilities;
    },
    probe,
    open: async (spec, open) => {
      const engine = await connect();
      if (capabilities === unknownCapabilities) {
        const found = await probe();
        if (!found.available)
          throw new BackendError('backend_unavailable', found.reason, { hint: found.remedy });
      }
      if ((spec.image?.rebuilt ?? null) !== null && !capabilities.rebuild)
        throw new BackendError(
          'not_available',
          `${spec.identity} goes on in an image of its own, which this engine cannot run: its runtime shares no namespaces`,
          { hint: 'docker.runtime of settings.yml names another, e.g. runc' },
        );
      const runtime = options.runtime ?? (capabilities.gvisor ? 'runsc' : null);
      const egressNetwork = options.egressNetwork ?? null;
      return await DockerHost.open(spec, { engine, baseImage, runtime, egressNetwork }, open);
    },
    leftovers: async (live) => {
      // Without an engine there is nothing to clean up on it.
      if (!(await probe()).available) return [];
      const { docker } = await connect();
      return await findLeftovers(docker, live).catch((error: unknown) => {
        throw engineError('backend_unavailable', 'looking for what bottles left', error);
      });
    },
  };
}
