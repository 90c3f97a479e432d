const brand = Symbol.for('bot-bottle.pipelock.error');
const userError = Symbol.for('bot-bottle.user-error');

export type PipelockErrorCode = 'invalid_config' | 'invalid_allowlist' | 'unsupported_version';

/** The one error of this package. Every code names something that a person can fix. */
export class PipelockError extends Error {
  override readonly name = 'PipelockError';
  readonly code: PipelockErrorCode;
  /** every problem found, each beginning with `section.key` or the line; never empty */
  readonly problems: readonly string[];
  readonly [brand] = true;
  readonly [userError] = true;

  constructor(
    code: PipelockErrorCode,
    message: string,
    options: { problems?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [message];
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is PipelockError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
