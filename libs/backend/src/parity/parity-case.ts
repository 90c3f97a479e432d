import type { Backend, Bottle } from '../contracts.ts';

/** What every backend must do alike, one behaviour each. */
export interface ParityCase {
  readonly name: string;
  /** Throws a `ParityFailure` naming the backend when the behaviour is another one. */
  run(context: ParityContext): Promise<void>;
}

export interface ParityContext {
  readonly backend: Backend;
  /** a bottle that is up; the cases leave it usable */
  readonly bottle: Bottle;
}

/** A backend that behaves unlike the others. */
export class ParityFailure extends Error {
  override readonly name = 'ParityFailure';
  readonly backend: string;

  constructor(backend: string, what: string, seen: unknown) {
    super(`${backend}: ${what}; seen: ${JSON.stringify(seen)}`);
    this.backend = backend;
  }
}
