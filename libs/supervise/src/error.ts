export const superviseErrorCodes = [
  'invalid_proposal',
  'not_allowed',
  'too_many_proposals',
  'unknown_proposal',
  'already_decided',
  'being_decided',
  'changed',
  'needs_reason',
  'invalid_grant',
  'invalid_dockerfile',
  'apply_failed',
  'audit_unavailable',
  'queue_unsafe',
  'queue_unavailable',
  'closed',
] as const;
export type SuperviseErrorCode = (typeof superviseErrorCodes)[number];

const brand = Symbol.for('bot-bottle.supervise-error');
const userError = Symbol.for('bot-bottle.user-error');

/** A proposal that is not taken, or a decision that is not carried out. Nothing was changed then unless it says so. */
export class SuperviseError extends Error {
  override readonly name = 'SuperviseError';
  readonly code: SuperviseErrorCode;
  /** what to do about it, null when there is nothing to add */
  readonly hint: string | null;
  readonly data: Readonly<Record<string, string | number>>;

  constructor(
    code: SuperviseErrorCode,
    message: string,
    options: {
      readonly hint?: string | null;
      readonly data?: Readonly<Record<string, string | number>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
    this.data = options.data ?? {};
    Object.defineProperty(this, brand, { value: true });
    Object.defineProperty(this, userError, { value: true });
  }

  /** Recognises the error also across two copies of this package. */
  static isInstance(value: unknown): value is SuperviseError {
    return typeof value === 'object' && value !== null && Reflect.get(value, brand) === true;
  }
}
