import type { Printer } from '../output/printer.ts';

/** Most warnings that are kept for the end; a program may have the terminal for days. */
const MAX_KEPT = 100;

/**
 * Warnings of a bottle. While its program draws on the terminal they would be written into its screen: then the bell
 * rings, and they are printed when the program is over.
 */
export class TerminalWarnings {
  readonly #printer: Pick<Printer, 'warning' | 'bell'>;
  #kept: string[] | null = null;
  #dropped = 0;

  constructor(printer: Pick<Printer, 'warning' | 'bell'>) {
    this.#printer = printer;
  }

  add(message: string): void {
    if (this.#kept === null) {
      this.#printer.warning(message);
      return;
    }
    this.#printer.bell();
    this.#kept.push(message);
    if (this.#kept.length <= MAX_KEPT) return;
    this.#kept.shift();
    this.#dropped += 1;
  }

  /** The program has the terminal from now on. */
  hold(): void {
    this.#kept ??= [];
  }

  /** The terminal is ours again. */
  release(): void {
    const kept = this.#kept ?? [];
    this.#kept = null;
    if (this.#dropped > 0) this.#printer.warning(`${this.#dropped} earlier warnings are not shown`);
    for (const message of kept) this.#printer.warning(message);
    this.#dropped = 0;
  }
}
