const brand = Symbol.for('bot-bottle.backend.error');
const userError = Symbol.for('bot-bottle.user-error');

/** Why something between a plan and a running bottle failed. */
export type BackendErrorCode =
  // before anything is built
  | 'home_unsafe'
  | 'settings_invalid'
  | 'not_available'
  | 'invalid_request'
  | 'program_not_found'
  | 'skill_invalid'
  | 'workspace_refused'
  | 'host_env_missing'
  | 'secret_unavailable'
  | 'state_missing'
  | 'state_locked'
  | 'state_invalid'
  | 'copy_refused'
  | 'backend_unavailable'
  // from the first side effect on
  | 'launch_failed'
  | 'sidecar_failed'
  | 'self_check_failed'
  | 'exec_failed'
  | 'provision_failed'
  | 'owner_unreachable';

const afterSideEffects: ReadonlySet<BackendErrorCode> = new Set([
  'launch_failed',
  'sidecar_failed',
  'self_check_failed',
  'exec_failed',
  'provision_failed',
  'owner_unreachable',
]);

/** A launch, or something around one, that cannot go on. Messages hold names, never values of secrets. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
  readonly code: BackendErrorCode;
  /** what to do about it, null when there is nothing to add */
  readonly hint: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  /** 1 before anything is built, 125 from the first side effect on */
  readonly exitCode: 1 | 125;
  readonly [brand] = true;
  readonly [userError] = true;

  constructor(
    code: BackendErrorCode,
    message: string,
    options: { hint?: string | null; data?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
    this.data = options.data ?? {};
    this.exitCode = afterSideEffects.has(code) ? 125 : 1;
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is BackendError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
