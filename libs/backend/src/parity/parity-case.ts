import type { Backend, Bottle, BottleSpec } from '../contracts.ts';
import type { ParityLauncher } from './parity-launcher.ts';

/** A backend under test. */
export interface ParitySubject {
  readonly backend: Backend;
}

export interface BottleContext extends ParitySubject {
  /** a bottle that is up, with the sidecar egress declared; cases leave it usable */
  readonly bottle: Bottle;
  /** Opens another one, which is closed when the work is done. */
  withBottle<T>(spec: Partial<BottleSpec>, work: (bottle: Bottle) => Promise<T>): Promise<T>;
}

export interface LaunchContext extends ParitySubject {
  /** What the machine has of a bottle, by name: `process …`, `container …`, `network …`, `folder …`; [] is nothing. */
  readonly traces: (identity: string) => Promise<readonly string[]>;
  readonly launcher: ParityLauncher;
}

/** `not offered`: the backend does not claim it, and the case has seen that it behaves so. */
export type ParityOutcome = void | 'not offered';

interface CaseName {
  /** heading that the case stands under in the published table */
  readonly area: string;
  /** one behaviour, as the end of a sentence that starts with the backend */
  readonly name: string;
}

/** A behaviour of bottles as a backend opens them. */
export interface BottleCase extends CaseName {
  readonly needs: 'bottle';
  /** Throws a `ParityFailure` naming the backend when the behaviour is another one. */
  run(context: BottleContext): Promise<ParityOutcome>;
}

/** A behaviour of whole launches: plan, secrets, sidecars, owner. */
export interface LaunchCase extends CaseName {
  readonly needs: 'launch';
  /** Throws a `ParityFailure` naming the backend when the behaviour is another one. */
  run(context: LaunchContext): Promise<ParityOutcome>;
}

/** What every backend must do alike, one behaviour each. */
export type ParityCase = BottleCase | LaunchCase;

/** A backend that behaves unlike the others. */
export class ParityFailure extends Error {
  override readonly name = 'ParityFailure';
  readonly backend: string;

  constructor(backend: string, what: string, seen: unknown) {
    super(`${backend}: ${what}; seen: ${JSON.stringify(seen)}`);
    this.backend = backend;
  }
}

/** @throws ParityFailure */
export function expectThat({ backend }: ParitySubject, holds: boolean, what: string, seen: unknown): void {
  if (!holds) throw new ParityFailure(backend.name, what, seen);
}
