import type Dockerode from 'dockerode';
import { statusOf } from '../engine/engine-error.ts';
import { within } from '../engine/within.ts';
import { removeContainer } from '../remove.ts';

/** The containers that a bottle made; each is removed once, whoever asks first. */
export class OwnContainers {
  readonly #docker: Dockerode;
  readonly #removals = new Map<string, Promise<void> | null>();

  constructor(docker: Dockerode) {
    this.#docker = docker;
  }

  /** @throws what the engine's client throws */
  async create(options: Dockerode.ContainerCreateOptions): Promise<Dockerode.Container> {
    const container = await within(
      `making ${options.name ?? 'a container'}`,
      this.#docker.createContainer(options),
    );
    this.#removals.set(container.id, null);
    return container;
  }

  /** Ids of those that are not gone. */
  get left(): readonly string[] {
    return [...this.#removals.keys()];
  }

  /** Ends it if it runs, and waits until it is gone. */
  async remove(id: string): Promise<void> {
    const removal = this.#removals.get(id) ?? removeContainer(this.#docker, id);
    this.#removals.set(id, removal);
    try {
      await removal;
      this.#removals.delete(id);
    } catch (error) {
      // The next one tries again.
      this.#removals.set(id, null);
      throw error;
    }
  }

  /** Ends what runs in it; what is left of it begins to be removed, which `remove` waits for. */
  async end(id: string, ended: Promise<unknown>): Promise<void> {
    try {
      await within('ending a container', this.#docker.getContainer(id).kill({ signal: 'SIGKILL' }));
    } catch (error) {
      // It ended by itself, or is gone.
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
    }
    await within('ending a container', ended);
    this.remove(id).catch(() => undefined);
  }
}
