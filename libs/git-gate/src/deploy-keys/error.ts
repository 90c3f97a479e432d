/** Why something about a deploy key failed. */
export type DeployKeyErrorCode =
  | 'invalid_target'
  | 'token_missing'
  | 'token_invalid'
  // the forge refused: it did nothing
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'refused'
  | 'rate_limited'
  | 'redirected'
  // whether the forge did it is not known; a fresh key is in use when a proxy sent a POST twice
  | 'key_in_use'
  | 'unreachable'
  | 'server_failed'
  | 'timed_out'
  | 'aborted'
  | 'invalid_response'
  | 'too_many_keys'
  // the file of records
  | 'records_unavailable'
  | 'records_malformed';

const nothingDone: ReadonlySet<DeployKeyErrorCode> = new Set([
  'invalid_target',
  'token_missing',
  'token_invalid',
  'unauthorized',
  'forbidden',
  'not_found',
  'refused',
  'rate_limited',
  'redirected',
]);

const brand = Symbol.for('bot-bottle.deploy-key-error');
const userError = Symbol.for('bot-bottle.user-error');

/** A deploy key that could not be made, found or removed. Messages name the token's variable, never its value. */
export class DeployKeyError extends Error {
  override readonly name = 'DeployKeyError';
  readonly code: DeployKeyErrorCode;
  /** what to do about it, null when there is nothing to add */
  readonly hint: string | null;
  /** whether the forge certainly did nothing */
  readonly nothingDone: boolean;
  readonly [brand] = true;
  readonly [userError] = true;

  constructor(
    code: DeployKeyErrorCode,
    message: string,
    options: { readonly hint?: string; readonly nothingDone?: boolean } = {},
  ) {
    // No `cause`: errors of fetch can quote request headers, and those hold the token.
    super(message);
    this.code = code;
    this.hint = options.hint ?? null;
    this.nothingDone = options.nothingDone ?? nothingDone.has(code);
  }

  /** Works across duplicated copies of the package, where `instanceof` does not. */
  static isInstance(value: unknown): value is DeployKeyError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
