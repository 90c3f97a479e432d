export const protocolErrorCodes = [
  'invalid_message',
  'line_too_long',
  'out_of_sequence',
  'unknown_request',
  'rate_exceeded',
  'version_mismatch',
  'timed_out',
  'too_large',
  'audit_failed',
  'invalid_address',
  'listen_failed',
  'refused',
  'closed',
] as const;
export type ProtocolErrorCode = (typeof protocolErrorCodes)[number];

const brand = Symbol.for('bot-bottle.protocol-error');
const refusalBrand = Symbol.for('bot-bottle.protocol-refusal');

/**
 * The one error of this library. Its message and data never hold anything that was received or sent, so neither
 * secrets nor hostile text can travel in it; only `ProtocolRefusal` repeats what the other end said.
 */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError';
  readonly code: ProtocolErrorCode;
  readonly data: Readonly<Record<string, string | number>>;

  constructor(
    code: ProtocolErrorCode,
    message: string,
    data: Readonly<Record<string, string | number>> = {},
  ) {
    super(message);
    this.code = code;
    this.data = data;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Recognises the error also across two copies of this package. */
  static isInstance(value: unknown): value is ProtocolError {
    return typeof value === 'object' && value !== null && Reflect.get(value, brand) === true;
  }
}

/** Longest message and problem of a refusal, in UTF-16 units, and most problems: the rest is cut. */
const MAX_TEXT = 2048;
const MAX_PROBLEMS = 100;

/**
 * One end understood a request and refuses it, e.g. an invalid table. On the launcher's end `message` and `problems`
 * come from the sidecar: hostile text, to be shown only through `visibleText`.
 */
export class ProtocolRefusal extends ProtocolError {
  override readonly name = 'ProtocolRefusal';
  readonly problems: readonly string[];

  constructor(message: string, problems: readonly string[] = []) {
    super('refused', message.slice(0, MAX_TEXT));
    this.problems = problems.slice(0, MAX_PROBLEMS).map((problem) => problem.slice(0, MAX_TEXT));
    Object.defineProperty(this, refusalBrand, { value: true });
  }

  static override isInstance(value: unknown): value is ProtocolRefusal {
    return typeof value === 'object' && value !== null && Reflect.get(value, refusalBrand) === true;
  }
}
