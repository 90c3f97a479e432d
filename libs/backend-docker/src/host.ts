import { access } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BackendError,
  guestHome,
  type Bottle,
  type BottleHost,
  type BottleSpec,
  type OpenOptions,
  type SidecarName,
  type SidecarProcess,
  type SidecarSpec,
} from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { DockerBottle } from './bottle.ts';
import { proveIsolation } from './check/prove-isolation.ts';
import { agentOptions } from './containers/agent-options.ts';
import { keepOpen } from './containers/keep-open.ts';
import { sidecarOptions } from './containers/sidecar-options.ts';
import { startSidecarProcess } from './containers/sidecar-process.ts';
import type { EngineConnection } from './engine/connect-engine.ts';
import { BottleEvents } from './engine/bottle-events.ts';
import { engineError } from './engine/engine-error.ts';
import { within } from './engine/within.ts';
import { agentImage, plainAgent } from './images/agent-image.ts';
import { sidecarImage } from './images/sidecar-image.ts';
import { labelsOf, type Ownership } from './labels.ts';
import { egressNetwork } from './networks/egress-network.ts';
import {
  addressOf,
  createInternalNetwork,
  sidecarPorts,
  type InternalNetwork,
} from './networks/internal-network.ts';
import { removeContainer, removeNetwork, removeVolume } from './remove.ts';
import { takeOver } from './take-over.ts';

export interface HostOptions {
  readonly engine: EngineConnection;
  readonly baseImage: string;
  /** OCI runtime of the agent, null: the engine's default */
  readonly runtime: string | null;
  /** network that egress and git-gate join, null: our own */
  readonly egressNetwork: string | null;
}

/** One bottle on an engine: a network, a container for each sidecar, and one for the agent. */
export class DockerHost implements BottleHost {
  readonly #spec: BottleSpec;
  readonly #options: HostOptions;
  readonly #docker: Dockerode;
  readonly #owner: Ownership;
  readonly #network: InternalNetwork;
  readonly #events: BottleEvents;
  readonly #build: { readonly baseImage: string } & OpenOptions;
  readonly #agentImage: Promise<string>;
  readonly #outside: Promise<string> | null;
  readonly #containers = new Set<string>();
  readonly #volumes: ReadonlyMap<'home' | 'scratch', string>;
  /** work that makes something: what it made is known when it is done */
  readonly #making = new Set<Promise<unknown>>();
  #closed: Promise<readonly string[]> | null = null;

  private constructor(
    spec: BottleSpec,
    options: HostOptions,
    parts: {
      readonly owner: Ownership;
      readonly network: InternalNetwork;
      readonly events: BottleEvents;
      readonly volumes: ReadonlyMap<'home' | 'scratch', string>;
      readonly open: OpenOptions;
    },
  ) {
    this.#spec = spec;
    this.#options = options;
    this.#docker = options.engine.docker;
    this.#owner = parts.owner;
    this.#network = parts.network;
    this.#events = parts.events;
    this.#volumes = parts.volumes;
    this.#build = { ...parts.open, baseImage: options.baseImage };
    this.#agentImage = agentImage(this.#docker, spec.image ?? plainAgent, this.#build);
    // told by whoever needs it
    this.#agentImage.catch(() => undefined);
    const goesOut = spec.sidecars.some((name) => name !== 'supervise');
    this.#outside = goesOut ? egressNetwork(this.#docker, options.egressNetwork) : null;
    this.#outside?.catch(() => undefined);
  }

  /** @throws BackendError `launch_failed` when the bottle runs already, `state_missing` without the home to resume */
  static async open(spec: BottleSpec, options: HostOptions, open: OpenOptions = {}): Promise<DockerHost> {
    const { docker } = options.engine;
    const owner = { identity: spec.identity, stateDir: spec.stateDir };
    await takeOver(docker, owner, spec.resumed === true);
    const undo: Array<() => Promise<unknown>> = [];
    try {
      const network = await createInternalNetwork(docker, owner);
      undo.push(() => removeNetwork(docker, network.id));
      const events = await BottleEvents.open(docker, spec.identity, (role) =>
        open.onWarning?.(`${spec.identity}: ${role} ran out of memory, and a process of it was ended`),
      );
      undo.push(async () => events.close());
      const volumes = new Map<'home' | 'scratch', string>();
      for (const role of [
        'home',
        ...(spec.sidecars.includes('git-gate') ? (['scratch'] as const) : []),
      ] as const) {
        const Name = `bot-bottle-${spec.identity}-${role}`;
        await within(
          `making the volume ${Name}`,
          docker.createVolume({ Name, Labels: labelsOf(owner, role) }),
        );
        volumes.set(role, Name);
        if (spec.resumed !== true || role !== 'home') undo.push(() => removeVolume(docker, Name));
      }
      return new DockerHost(spec, options, { owner, network, events, volumes, open });
    } catch (error) {
      for (const step of undo.toReversed()) await step().catch(() => undefined);
      throw engineError('launch_failed', spec.identity, error);
    }
  }

  listenAddress(name: SidecarName): string {
    return `${addressOf(this.#network, name)}:${sidecarPorts[name]}`;
  }

  async startSidecar(spec: SidecarSpec): Promise<SidecarProcess> {
    const { name } = spec;
    if (!this.#spec.sidecars.includes(name))
      throw new BackendError('sidecar_failed', `this bottle has no sidecar ${name}`, { data: { name } });
    return await this.#make(async () => {
      const [image, outside] = await Promise.all([
        sidecarImage(this.#docker, spec, this.#build),
        spec.network ? this.#outside : null,
      ]);
      const options = sidecarOptions({
        owner: this.#owner,
        name,
        image,
        network: this.#network,
        scratchVolume: spec.scratch ? (this.#volumes.get('scratch') ?? null) : null,
      });
      // Its last life may have left one.
      await removeContainer(this.#docker, options.name ?? '');
      const container = await this.#create(options);
      if (outside !== null)
        await within(
          'connecting a sidecar',
          this.#docker.getNetwork(outside).connect({ Container: container.id }),
        );
      return await startSidecarProcess(this.#docker, container);
    }).catch((error: unknown) => {
      throw engineError('sidecar_failed', `the container of ${name}`, error);
    });
  }

  async startBottle(): Promise<Bottle> {
    const { identity, workdir, sidecars, resources, resumed } = this.#spec;
    return await this.#make(async () => {
      const container = await this.#create(
        agentOptions({
          owner: this.#owner,
          image: await this.#agentImage,
          network: this.#network,
          homeVolume: this.#volumes.get('home') ?? '',
          sidecars,
          resources,
          runtime: this.#options.runtime,
        }),
      );
      const { ended } = await keepOpen(this.#docker, container);
      const end = async (): Promise<void> => {
        await removeContainer(this.#docker, container.id);
        await ended;
      };
      const bottle = new DockerBottle({ container, events: this.#events, ended }, { identity, workdir }, end);
      if (workdir !== guestHome && resumed !== true) await makeWorkdir(bottle, workdir);
      return bottle;
    }).catch((error: unknown) => {
      throw engineError('launch_failed', 'the container of the agent', error);
    });
  }

  async selfCheck(bottle: Bottle): Promise<void> {
    await proveIsolation(bottle, {
      docker: this.#docker,
      network: this.#network,
      sidecars: this.#spec.sidecars,
      isLocal: this.#options.engine.isLocal,
    });
  }

  /** What runs in containers is the engine's, possibly elsewhere. */
  pids(): readonly number[] {
    return [];
  }

  close(): Promise<readonly string[]> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<readonly string[]> {
    const failures: string[] = [];
    const step = async (what: string, act: () => Promise<unknown>): Promise<void> => {
      try {
        await act();
      } catch (error) {
        failures.push(`${this.#spec.identity}: ${engineError('launch_failed', what, error).message}`);
      }
    };
    const removeAll = async (): Promise<void> => {
      await Promise.all(
        [...this.#containers].map((id) =>
          step('removing a container', () => removeContainer(this.#docker, id)),
        ),
      );
    };
    await removeAll();
    await Promise.allSettled(this.#making);
    // What was being made meanwhile.
    await removeAll();
    this.#events.close();
    const scratch = this.#volumes.get('scratch');
    const home = this.#volumes.get('home');
    const keep = await isKept(this.#spec.stateDir);
    await Promise.all([
      step('removing the network', () => removeNetwork(this.#docker, this.#network.id)),
      ...(scratch === undefined
        ? []
        : [step('removing a volume', () => removeVolume(this.#docker, scratch))]),
      ...(home === undefined || keep
        ? []
        : [step('removing the home', () => removeVolume(this.#docker, home))]),
    ]);
    return failures;
  }

  async #create(options: Dockerode.ContainerCreateOptions): Promise<Dockerode.Container> {
    const container = await within(
      `making ${options.name ?? 'a container'}`,
      this.#docker.createContainer(options),
    );
    this.#containers.add(container.id);
    return container;
  }

  async #make<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed !== null) throw new BackendError('launch_failed', 'the bottle is being closed');
    const making = work();
    const settled = making.then(
      () => undefined,
      () => undefined,
    );
    this.#making.add(settled);
    try {
      return await making;
    } finally {
      this.#making.delete(settled);
    }
  }
}

/** It is in a new home, which is empty. */
async function makeWorkdir(bottle: Bottle, workdir: string): Promise<void> {
  const child = await bottle.spawn(['mkdir', '-p', '--', workdir], { cwd: '/' });
  child.stdin.end();
  child.stdout.resume();
  child.stderr.resume();
  const { code } = await child.exited;
  if (code !== 0) throw new BackendError('launch_failed', `${workdir} cannot be made in the bottle`);
}

async function isKept(stateDir: string): Promise<boolean> {
  return await access(join(stateDir, '.preserve')).then(
    () => true,
    () => false,
  );
}
