const brand = Symbol.for('bot-bottle.sidecar-git-gate.error');
const userError = Symbol.for('bot-bottle.user-error');

export type GitGateServerErrorCode =
  | 'invalid_config'
  | 'listen_failed'
  | 'git_failed'
  | 'refresh_failed'
  | 'scanner_unavailable'
  | 'upstream_rejected'
  | 'stale_ref'
  | 'limit_exceeded'
  | 'audit_unavailable'
  | 'shutting_down';

/** The one error of this package; no message holds a secret. */
export class GitGateServerError extends Error {
  override readonly name = 'GitGateServerError';
  readonly code: GitGateServerErrorCode;
  readonly data: { readonly problems: readonly string[] };
  readonly [brand] = true;
  readonly [userError] = true;

  constructor(
    code: GitGateServerErrorCode,
    message: string,
    options: { readonly problems?: readonly string[]; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = { problems: options.problems ?? [] };
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is GitGateServerError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
