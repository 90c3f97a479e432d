import { access } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BackendError,
  guardName,
  guestHome,
  timed,
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
import {
  agentOptions,
  keeperOptions,
  keptAgentOptions,
  type AgentParts,
} from './containers/agent-options.ts';
import { keepOpen } from './containers/keep-open.ts';
import { OwnContainers } from './containers/own-containers.ts';
import { sidecarOptions } from './containers/sidecar-options.ts';
import { startSidecarProcess } from './containers/sidecar-process.ts';
import type { EngineConnection } from './engine/connect-engine.ts';
import { BottleEvents } from './engine/bottle-events.ts';
import { engineError } from './engine/engine-error.ts';
import { within } from './engine/within.ts';
import { evenIfPruned, type Lookup } from './even-if-pruned.ts';
import { plainAgent } from './images/agent-image.ts';
import { rebuiltImage, type RebuiltImage } from './images/rebuilt-image.ts';
import { sidecarImage } from './images/sidecar-image.ts';
import type { Ownership } from './labels.ts';
import {
  addressOf,
  createInternalNetwork,
  sidecarPorts,
  type InternalNetwork,
} from './networks/internal-network.ts';
import { removeContainer, removeNetwork, removeVolume } from './remove.ts';
import { sharedThings, type BuildOptions, type Shared } from './shared-things.ts';
import { takeOver } from './take-over.ts';
import { makeVolumes, type Volumes } from './volumes.ts';

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
  readonly checkWaits = true;
  readonly #spec: BottleSpec;
  readonly #options: HostOptions;
  readonly #docker: Dockerode;
  readonly #owner: Ownership;
  readonly #network: InternalNetwork;
  readonly #events: BottleEvents;
  readonly #build: BuildOptions;
  readonly #shared: Shared;
  readonly #giveUp: AbortController;
  readonly #containers: OwnContainers;
  readonly #volumes: Volumes;
  /** where the self-check is run instead of in the agent's container, null: there */
  #keeper: Bottle | null = null;
  /** sidecars that had a container */
  readonly #lived = new Set<SidecarName>();
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
      readonly volumes: Volumes;
      readonly build: BuildOptions;
      readonly shared: Shared;
      readonly giveUp: AbortController;
    },
  ) {
    this.#spec = spec;
    this.#options = options;
    this.#docker = options.engine.docker;
    this.#owner = parts.owner;
    this.#network = parts.network;
    this.#events = parts.events;
    this.#volumes = parts.volumes;
    this.#build = parts.build;
    this.#shared = parts.shared;
    this.#giveUp = parts.giveUp;
    this.#containers = new OwnContainers(this.#docker);
  }

  /** @throws BackendError `launch_failed` when the bottle runs already, `state_missing` without the home to resume */
  static async open(spec: BottleSpec, options: HostOptions, open: OpenOptions = {}): Promise<DockerHost> {
    const { docker } = options.engine;
    const { onStep } = open;
    const owner = { identity: spec.identity, stateDir: spec.stateDir };
    await timed(onStep, 'what an earlier life left', () => takeOver(docker, owner, spec.resumed === true));
    const giveUp = new AbortController();
    const signal = open.signal === undefined ? giveUp.signal : AbortSignal.any([open.signal, giveUp.signal]);
    const build = { ...open, signal, baseImage: options.baseImage };
    const shared = sharedThings(spec, options, build);
    const undo: Array<() => Promise<unknown>> = [];
    const makeNetwork = async (): Promise<InternalNetwork> => {
      const network = await timed(onStep, 'network', () => createInternalNetwork(docker, owner));
      undo.push(() => removeNetwork(docker, network.id));
      return network;
    };
    const openEvents = async (): Promise<BottleEvents> => {
      const events = await BottleEvents.open(docker, spec.identity, (role) =>
        open.onWarning?.(`${spec.identity}: ${role} ran out of memory, and a process of it was ended`),
      );
      undo.push(async () => events.close());
      return events;
    };
    try {
      const work = [
        makeNetwork(),
        timed(onStep, 'events', openEvents),
        timed(onStep, 'volumes', () => makeVolumes(docker, owner, spec, undo)),
      ] as const;
      // What the others made is known before a failure is undone.
      await Promise.allSettled(work);
      const [network, events, volumes] = await Promise.all(work);
      return new DockerHost(spec, options, { owner, network, events, volumes, build, shared, giveUp });
    } catch (error) {
      giveUp.abort();
      for (const step of undo.toReversed()) await step().catch(() => undefined);
      throw engineError('launch_failed', spec.identity, error);
    }
  }

  listenAddress(name: SidecarName): string {
    return `${addressOf(this.#network, name)}:${sidecarPorts[name]}`;
  }

  async startSidecar(spec: SidecarSpec, given?: AbortSignal): Promise<SidecarProcess> {
    const { name } = spec;
    if (name === guardName || !this.#spec.sidecars.includes(name))
      throw new BackendError('sidecar_failed', `this bottle has no sidecar ${name}`, { data: { name } });
    const signal = given === undefined ? this.#build.signal : AbortSignal.any([given, this.#build.signal]);
    const { outside } = this.#shared;
    return await this.#make(() =>
      evenIfPruned([outside], () =>
        this.#startSidecar({ ...spec, name }, spec.network ? outside : null, signal),
      ),
    ).catch((error: unknown) => {
      throw engineError('sidecar_failed', `the container of ${name}`, error);
    });
  }

  async #startSidecar(
    spec: SidecarSpec & { readonly name: SidecarName },
    outside: Lookup<string> | null,
    signal: AbortSignal,
  ): Promise<SidecarProcess> {
    const { name } = spec;
    const [image, network] = await Promise.all([
      this.#timed(`image of ${name}`, () => sidecarImage(this.#docker, spec, { ...this.#build, signal })),
      outside?.get(),
    ]);
    const options = sidecarOptions({
      owner: this.#owner,
      name,
      image,
      network: this.#network,
      scratchVolume: spec.scratch ? (this.#volumes.get('scratch') ?? null) : null,
    });
    // Its last life may have left one.
    if (this.#lived.has(name)) await removeContainer(this.#docker, options.name ?? '');
    this.#lived.add(name);
    signal.throwIfAborted();
    const container = await this.#create(name, options);
    if (network !== undefined)
      await this.#timed(`${name}: connecting`, () =>
        within('connecting a sidecar', this.#docker.getNetwork(network).connect({ Container: container.id })),
      );
    signal.throwIfAborted();
    return await this.#timed(`${name}: starting`, () => startSidecarProcess(this.#docker, container));
  }

  async startBottle(): Promise<Bottle> {
    const { identity, workdir, resumed } = this.#spec;
    const { agentImage: image } = this.#shared;
    return await this.#make(async () => {
      const bottle = await evenIfPruned([image], async () => {
        const found = await image.get();
        this.#build.signal.throwIfAborted();
        return typeof found === 'string' ? await this.#startPlain(found) : await this.#startKept(found);
      });
      if (workdir !== guestHome && resumed !== true) await makeWorkdir(bottle, workdir);
      return bottle;
    }).catch((error: unknown) => {
      throw engineError('launch_failed', `the container of the agent of ${identity}`, error);
    });
  }

  async #startPlain(image: string): Promise<Bottle> {
    const container = await this.#create('agent', agentOptions(this.#agentParts(image)));
    return await this.#opened('agent', container);
  }

  /** An image that the agent wrote runs in the namespaces of a container that it has no part in. */
  async #startKept({ reference, plain, env }: RebuiltImage): Promise<Bottle> {
    const keeper = await this.#create('keeper', keeperOptions(this.#agentParts(plain)));
    try {
      const kept = await this.#opened('keeper', keeper);
      const options = keptAgentOptions(this.#agentParts(reference), keeper.id, env);
      const container = await this.#create('agent', options);
      this.#keeper = kept;
      return await this.#opened('agent', container, () => kept.close());
    } catch (error) {
      // Its name must be free for another attempt.
      await this.#containers.remove(keeper.id).catch(() => undefined);
      throw error;
    }
  }

  /** @param first what has to end before it */
  async #opened(
    what: string,
    container: Dockerode.Container,
    first: () => Promise<void> = async () => undefined,
  ): Promise<Bottle> {
    const { identity, workdir } = this.#spec;
    const { ended } = await this.#timed(`${what}: starting`, () => keepOpen(this.#docker, container));
    const end = async (): Promise<void> => {
      await first();
      await this.#containers.end(container.id, ended);
    };
    return new DockerBottle({ container, events: this.#events, ended }, { identity, workdir }, end);
  }

  #agentParts(image: string): AgentParts {
    const { sidecars, resources } = this.#spec;
    return {
      owner: this.#owner,
      image,
      network: this.#network,
      homeVolume: this.#volumes.get('home') ?? '',
      sidecars,
      resources,
      runtime: this.#options.runtime,
    };
  }

  async rebuild(dockerfile: string, options: Pick<OpenOptions, 'signal' | 'onProgress'>): Promise<void> {
    const { rebuilt: _current, ...image } = this.#spec.image ?? plainAgent;
    const { baseImage } = this.#options;
    await rebuiltImage(this.#docker, image, dockerfile, { ...options, baseImage });
  }

  async selfCheck(bottle: Bottle): Promise<void> {
    await proveIsolation(this.#keeper ?? bottle, {
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
        await this.#timed(what, act);
      } catch (error) {
        failures.push(`${this.#spec.identity}: ${engineError('launch_failed', what, error).message}`);
      }
    };
    const removeAll = async (): Promise<void> => {
      await Promise.all(
        this.#containers.left.map((id) => step('removing a container', () => this.#containers.remove(id))),
      );
    };
    // Nothing new is begun, and no build goes on.
    this.#giveUp.abort(new BackendError('launch_failed', 'the bottle is being closed'));
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

  async #create(what: string, options: Dockerode.ContainerCreateOptions): Promise<Dockerode.Container> {
    return await this.#timed(`${what}: making`, () => this.#containers.create(options));
  }

  #timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    return timed(this.#build.onStep, what, work);
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
