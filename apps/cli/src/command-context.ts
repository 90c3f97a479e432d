import type { Io } from './io.ts';
import type { Printer } from './output/printer.ts';

/** What every command gets. */
export interface CommandContext {
  readonly io: Io;
  readonly printer: Printer;
  /** what came after `--`, null when there was none */
  readonly rest: readonly string[] | null;
}
