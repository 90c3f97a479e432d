export const auditErrorCodes = [
  'audit_unavailable',
  'invalid_event',
  'locked',
  'corrupt',
  'closed',
  'invalid_argument',
] as const;
export type AuditErrorCode = (typeof auditErrorCodes)[number];

const brand = Symbol.for('bot-bottle.audit-error');
const userError = Symbol.for('bot-bottle.user-error');

/** What a person at the machine can do something about: a full disk, a running owner, a damaged file. */
const fixable: ReadonlySet<AuditErrorCode> = new Set(['audit_unavailable', 'locked', 'corrupt']);

export interface AuditErrorOptions {
  readonly data?: Readonly<Record<string, string | number | boolean | null>>;
  readonly cause?: unknown;
}

/**
 * The one error of this library. `audit_unavailable`: the log cannot be written, nothing may pass.
 * `invalid_event`: an event does not follow the schema. `locked`: another live process is the writer.
 * `corrupt`: the end of an existing file cannot be continued. `closed`: the log was closed.
 */
export class AuditError extends Error {
  override readonly name = 'AuditError';
  readonly code: AuditErrorCode;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;

  constructor(code: AuditErrorCode, message: string, options: AuditErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = options.data ?? {};
    Object.defineProperty(this, brand, { value: true });
    if (fixable.has(code)) Object.defineProperty(this, userError, { value: true });
  }

  /** Recognises the error also across two copies of this package. */
  static isInstance(value: unknown): value is AuditError {
    return typeof value === 'object' && value !== null && Reflect.get(value, brand) === true;
  }
}

/** The errno name of a failed system call, null for anything else. */
export function errnoOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : null;
}
