const brand = Symbol.for('bot-bottle.providers.error');
const userError = Symbol.for('bot-bottle.user-error');

export type ProviderErrorCode = 'unknown_provider' | 'invalid_provider' | 'invalid_option' | 'host_login';

/** A provider that cannot be used as the bottle asks; always something the operator can fix. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly code: ProviderErrorCode;
  readonly hint: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly [brand] = true;
  readonly [userError] = true;

  constructor(
    code: ProviderErrorCode,
    message: string,
    options: { hint?: string | null; data?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
    this.data = options.data ?? {};
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is ProviderError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
