const brand = Symbol.for('bot-bottle.egress.error');
const userError = Symbol.for('bot-bottle.user-error');

export type EgressErrorCode =
  | 'invalid_route'
  | 'invalid_table'
  | 'slot_conflict'
  | 'invalid_secret'
  | 'invalid_proxy'
  | 'invalid_authority';

/** The one error of this package. Every code names something that a person can fix; no message holds a secret. */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly code: EgressErrorCode;
  /** every problem found, one sentence each; never empty */
  readonly problems: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
  readonly [brand] = true;
  readonly [userError] = true;

  constructor(
    code: EgressErrorCode,
    message: string,
    options: {
      problems?: readonly string[];
      data?: Readonly<Record<string, unknown>>;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [message];
    this.data = options.data ?? {};
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is EgressError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
