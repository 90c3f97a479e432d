/** Steps that take back what was done, run once and in reverse order; a failing step does not stop the others. */
export class UndoStack {
  readonly #steps: Array<{ readonly what: string; undo(): Promise<unknown> }> = [];
  #running: Promise<readonly string[]> | null = null;

  /** @param what the operation, for the warning when it fails */
  add(what: string, undo: () => unknown): void {
    this.#steps.push({ what, undo: async () => undo() });
  }

  /** @returns one warning per failed step; asking again gives the same result */
  run(): Promise<readonly string[]> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<readonly string[]> {
    const warnings: string[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        const said: unknown = await step.undo();
        if (Array.isArray(said)) warnings.push(...said.filter((each) => typeof each === 'string'));
      } catch (error) {
        warnings.push(`${step.what} failed: ${error instanceof Error ? error.message : 'unknown error'}`);
      }
    }
    return warnings;
  }
}
