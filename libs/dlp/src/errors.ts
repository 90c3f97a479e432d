const brand = Symbol.for('bot-bottle.dlp.error');
const userError = Symbol.for('bot-bottle.user-error');

/**
 * - `undecodable_body`: the content encoding is unknown, broken, or expands beyond the limits: block it
 * - `invalid_options`: options that would scan nothing or something else than meant
 * - `stream_closed`: a body stream was used after its end; a bug of the caller
 */
export type DlpErrorCode = 'undecodable_body' | 'invalid_options' | 'stream_closed';

/** The only error this package throws. Its message and data never hold scanned bytes or values. */
export class DlpError extends Error {
  override readonly name = 'DlpError';
  readonly code: DlpErrorCode;
  readonly data: Readonly<Record<string, unknown>>;
  readonly [brand] = true;
  readonly [userError]: boolean;

  constructor(
    code: DlpErrorCode,
    message: string,
    options: { data?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = options.data ?? {};
    this[userError] = code === 'invalid_options';
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is DlpError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
