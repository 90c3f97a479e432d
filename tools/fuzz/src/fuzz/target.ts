/** One thing of ours that reads bytes which someone hostile wrote. */
export interface FuzzTarget {
  readonly name: string;
  /** what holds for every input, in one line */
  readonly about: string;
  /** what the format is made of, for mutations; beside the seeds in `corpus/<name>` */
  readonly words: readonly string[];
  /** seeds beside those of the corpus */
  readonly seeds?: () => readonly Buffer[];
  /** inputs at a time; default 1 */
  readonly concurrency?: number;
  /** the longest that one input may take, milliseconds; default 10 000 */
  readonly limitMs?: number;
  open(): Promise<OpenTarget>;
}

export interface OpenTarget {
  /**
   * Feeds one input and throws where something does not hold that must. Gives whether the input was accepted, i.e. got
   * beyond the first refusal: a target that accepts nothing tests nothing.
   */
  readonly run: (bytes: Buffer) => boolean | Promise<boolean>;
  readonly close?: () => Promise<void>;
}

/** What must hold does not. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what);
}

/** Both are the same data. */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Violation(`${what}: ${cut(a)} is not ${cut(b)}`);
}

const cut = (text: string | undefined): string => (text ?? 'undefined').slice(0, 400);
