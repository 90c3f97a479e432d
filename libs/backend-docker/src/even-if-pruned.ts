import { BackendError } from '@bot-bottle/backend';
import { reasonOf, statusOf } from './engine/engine-error.ts';

/** Something of the engine that is looked for, or made, once, and anew when it is gone. */
export class Lookup<T> {
  readonly #find: () => Promise<T>;
  #found: Promise<T> | null = null;

  constructor(find: () => Promise<T>) {
    this.#find = find;
  }

  get(): Promise<T> {
    if (this.#found === null) {
      this.#found = this.#find();
      // told by whoever needs it
      this.#found.catch(() => undefined);
    }
    return this.#found;
  }

  forget(): void {
    this.#found = null;
  }
}

/**
 * Does something with images and networks that all bottles share. Somebody may remove one after it was found and before it
 * is used, e.g. `images prune`: then it is done once more, with what is found or made anew.
 */
export async function evenIfPruned<T>(
  lookups: ReadonlyArray<Pick<Lookup<unknown>, 'forget'>>,
  attempt: () => Promise<T>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!isPruned(error)) throw error;
    for (const lookup of lookups) lookup.forget();
    return await attempt();
  }
}

function isPruned(error: unknown): boolean {
  const said = BackendError.isInstance(error) ? error.cause : error;
  return statusOf(said) === 404 && /no such image|network \S+ not found/i.test(reasonOf(said));
}
