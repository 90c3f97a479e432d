const brand = Symbol.for('bot-bottle.sidecar-pipelock.error');

/** Why pipelock does not serve. The message is for the operator and repeats what pipelock said: hostile text. */
export class GuardError extends Error {
  override readonly name = 'GuardError';
  readonly code = 'guard_failed';
  /** what it said, line by line; [] nothing */
  readonly problems: readonly string[];

  constructor(message: string, problems: readonly string[] = [], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.problems = problems;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is GuardError {
    return typeof value === 'object' && value !== null && Reflect.get(value, brand) === true;
  }
}
