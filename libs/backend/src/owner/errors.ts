const brand = Symbol.for('bot-bottle.owner-error');
const userError = Symbol.for('bot-bottle.user-error');

export const ownerErrorCodes = [
  'no_such_bottle',
  'runtime_dir_unsafe',
  'socket_unavailable',
  'protocol',
  'timed_out',
  'not_interactive',
  'too_slow',
  'stopping',
  'failed',
] as const;
export type OwnerErrorCode = (typeof ownerErrorCodes)[number];

const bugs: ReadonlySet<OwnerErrorCode> = new Set(['protocol']);

/** Speaking with the owner of a bottle, or being one, failed. */
export class OwnerError extends Error {
  override readonly name = 'OwnerError';
  readonly code: OwnerErrorCode;
  /** what to do about it, null when there is nothing to add */
  readonly hint: string | null;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    code: OwnerErrorCode,
    message: string,
    options: { hint?: string | null; data?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
    this.data = options.data ?? {};
    Object.defineProperty(this, brand, { value: true });
    if (!bugs.has(code)) Object.defineProperty(this, userError, { value: true });
  }

  /** Recognises the error also across two copies of this package. */
  static isInstance(value: unknown): value is OwnerError {
    return typeof value === 'object' && value !== null && Reflect.get(value, brand) === true;
  }
}
