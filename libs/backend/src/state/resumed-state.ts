import type { StateStore } from './state-store.ts';

/** Why the state of a bottle is kept while it runs again. */
export const resumedMark = 'resumed, and not ended normally since';
/** Why a state is kept that waits to be resumed in its new image; unlike `--keep` it ends with the next normal end. */
export const rebuiltMark = 'rebuilt by capability-block';

/**
 * The state of a bottle that is relaunched. It stays marked as kept until the bottle ended normally, so that a launch
 * that fails, an agent that fails at once or a launcher that dies loses nothing of what was there.
 */
export class ResumedState {
  readonly #store: StateStore;
  readonly #identity: string;
  /** its metadata, byte for byte */
  readonly #earlier: string;
  /** why it was kept, null: it was not */
  readonly #mark: string | null;
  readonly #keep: boolean;
  #isUp = false;

  private constructor(
    store: StateStore,
    identity: string,
    earlier: string,
    mark: string | null,
    keep: boolean,
  ) {
    this.#store = store;
    this.#identity = identity;
    this.#earlier = earlier;
    this.#mark = mark;
    this.#keep = keep;
  }

  /**
   * Hold the lock of the identity.
   *
   * @param keep whether the operator asks to keep the state from now on
   * @throws BackendError `state_missing`
   */
  static async open(store: StateStore, identity: string, keep: boolean): Promise<ResumedState> {
    await store.read(identity);
    const earlier = await store.readText(identity);
    const mark = await store.keepReason(identity);
    if (mark === null) await store.preserve(identity, resumedMark);
    return new ResumedState(store, identity, earlier, mark, keep);
  }

  /** The agent runs: from now on the state is that of the new life. */
  up(): void {
    this.#isUp = true;
  }

  /** Tell before anything is taken down: a normal end lets the state go unless it was, or is to be, kept. */
  async end(isNormal: boolean): Promise<void> {
    const wasKept = this.#mark !== null && this.#mark !== rebuiltMark;
    if (isNormal && !wasKept && !this.#keep) await this.#store.unpreserve(this.#identity);
  }

  /** After everything was taken down: a launch that failed leaves the state as it was. */
  async restore(): Promise<void> {
    if (this.#isUp) return;
    await this.#store.writeText(this.#identity, this.#earlier);
    if (this.#keep) return;
    if (this.#mark === null) await this.#store.unpreserve(this.#identity);
    else await this.#store.preserve(this.#identity, this.#mark);
  }
}
