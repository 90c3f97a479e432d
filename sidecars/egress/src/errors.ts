const brand = Symbol.for('bot-bottle.sidecar-egress.error');
const userError = Symbol.for('bot-bottle.user-error');

/** Why the egress server could not start, be configured, or listen. */
export type EgressServerErrorCode = 'invalid_config' | 'listen_failed' | 'closed';

/** Error of the egress server. It never holds a secret, an internal address or an exception's text. */
export class EgressServerError extends Error {
  readonly code: EgressServerErrorCode;
  /** every problem found, one sentence each */
  readonly data: { readonly problems: readonly string[] };
  readonly [brand] = true;
  readonly [userError] = true;

  constructor(code: EgressServerErrorCode, message: string, problems: readonly string[] = []) {
    super(message);
    this.name = 'EgressServerError';
    this.code = code;
    this.data = { problems };
  }

  static isInstance(value: unknown): value is EgressServerError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
