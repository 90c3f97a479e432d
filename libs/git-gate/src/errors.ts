const brand = Symbol.for('bot-bottle.git-gate.error');
const userError = Symbol.for('bot-bottle.user-error');

export type GitGateErrorCode = 'invalid_value' | 'invalid_host_key';

/** The one error of this package. Every code names something that a person can fix; no message holds a secret. */
export class GitGateError extends Error {
  override readonly name = 'GitGateError';
  readonly code: GitGateErrorCode;
  readonly data: Readonly<Record<string, unknown>>;
  readonly [brand] = true;
  readonly [userError] = true;

  constructor(
    code: GitGateErrorCode,
    message: string,
    options: { readonly data?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = options.data ?? {};
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is GitGateError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
