export const supervisorErrorCodes = ['unknown_child', 'start_failed', 'invalid_argument'] as const;
export type SupervisorErrorCode = (typeof supervisorErrorCodes)[number];

const brand = Symbol.for('bot-bottle.supervisor-error');

/** `unknown_child`: no child has this name. `start_failed`: a first start failed. `invalid_argument`: wrong options. */
export class SupervisorError extends Error {
  override readonly name = 'SupervisorError';
  readonly code: SupervisorErrorCode;
  readonly data: Readonly<Record<string, string>>;

  constructor(
    code: SupervisorErrorCode,
    message: string,
    options: { readonly data?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = options.data ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  /** Recognises the error also across two copies of this package. */
  static isInstance(value: unknown): value is SupervisorError {
    return typeof value === 'object' && value !== null && Reflect.get(value, brand) === true;
  }
}
