import { timed, type OnStep } from '../step.ts';

interface UndoStep {
  readonly what: string;
  readonly beside: string | null;
  readonly undo: () => Promise<unknown>;
}

/** Steps that take back what was done, run once and in reverse order; a failing step does not stop the others. */
export class UndoStack {
  readonly #steps: UndoStep[] = [];
  readonly #onStep: OnStep | undefined;
  #running: Promise<readonly string[]> | null = null;

  /** @param onStep told how long each step took */
  constructor(onStep?: OnStep) {
    this.#onStep = onStep;
  }

  /**
   * @param what the operation, for the warning when it fails
   * @param beside steps next to each other with the same word run side by side; default null, alone
   */
  add(what: string, undo: () => unknown, beside: string | null = null): void {
    this.#steps.push({ what, beside, undo: async () => undo() });
  }

  /** @returns one warning per failed step; asking again gives the same result */
  run(): Promise<readonly string[]> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<readonly string[]> {
    const warnings: string[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const together = [step];
      while (step.beside !== null && this.#steps.at(-1)?.beside === step.beside)
        together.push(...this.#steps.splice(-1));
      warnings.push(...(await Promise.all(together.map((each) => this.#takeBack(each)))).flat());
    }
    return warnings;
  }

  async #takeBack({ what, undo }: UndoStep): Promise<string[]> {
    try {
      const said: unknown = await timed(this.#onStep, what, undo);
      return Array.isArray(said) ? said.filter((each) => typeof each === 'string') : [];
    } catch (error) {
      return [`${what} failed: ${error instanceof Error ? error.message : 'unknown error'}`];
    }
  }
}
