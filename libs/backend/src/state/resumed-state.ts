import type { StateStore } from './state-store.ts';

/**
 * The state of a bottle that is relaunched. It stays marked as kept until the bottle ended normally, so that a launch
 * that fails, an agent that fails at once or a launcher that dies loses nothing of what was there.
 */
export class ResumedState {
  readonly #store: StateStore;
  readonly #identity: string;
  /** its metadata, byte for byte */
  readonly #earlier: string;
  readonly #wasPreserved: boolean;
  readonly #keep: boolean;
  #isUp = false;

  private constructor(
    store: StateStore,
    identity: string,
    earlier: string,
    preserved: boolean,
    keep: boolean,
  ) {
    this.#store = store;
    this.#identity = identity;
    this.#earlier = earlier;
    this.#wasPreserved = preserved;
    this.#keep = keep;
  }

  /**
   * Hold the lock of the identity.
   *
   * @param keep whether the operator asks to keep the state from now on
   * @throws BackendError `state_missing`
   */
  static async open(store: StateStore, identity: string, keep: boolean): Promise<ResumedState> {
    const { preserved } = await store.read(identity);
    const earlier = await store.readText(identity);
    if (!preserved) await store.preserve(identity, 'resumed, and not ended normally since');
    return new ResumedState(store, identity, earlier, preserved, keep);
  }

  /** The agent runs: from now on the state is that of the new life. */
  up(): void {
    this.#isUp = true;
  }

  /** Tell before anything is taken down: a normal end lets the state go unless it was, or is to be, kept. */
  async end(isNormal: boolean): Promise<void> {
    if (isNormal && !this.#wasPreserved && !this.#keep) await this.#store.unpreserve(this.#identity);
  }

  /** After everything was taken down: a launch that failed leaves the state as it was. */
  async restore(): Promise<void> {
    if (this.#isUp) return;
    await this.#store.writeText(this.#identity, this.#earlier);
    if (!this.#wasPreserved && !this.#keep) await this.#store.unpreserve(this.#identity);
  }
}
