const brand = Symbol.for('bot-bottle.supervise-server-error');
const userError = Symbol.for('bot-bottle.user-error');

export type SuperviseServerErrorCode = 'invalid_config' | 'listen_failed';

/** The one error of this package that a program sees; no message holds a secret. */
export class SuperviseServerError extends Error {
  override readonly name = 'SuperviseServerError';
  readonly code: SuperviseServerErrorCode;
  readonly data: { readonly problems: readonly string[] };
  readonly [brand] = true;
  readonly [userError] = true;

  constructor(
    code: SuperviseServerErrorCode,
    message: string,
    options: { readonly problems?: readonly string[]; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = { problems: options.problems ?? [] };
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is SuperviseServerError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}

/** Every problem at once. */
export function invalidConfig(problems: readonly string[]): SuperviseServerError {
  return new SuperviseServerError('invalid_config', `invalid configuration: ${problems.join('; ')}`, {
    problems,
  });
}
