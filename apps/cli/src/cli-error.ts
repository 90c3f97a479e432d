const brand = Symbol.for('bot-bottle.cli-error');
const userError = Symbol.for('bot-bottle.user-error');

export type CliErrorCode =
  | 'usage'
  | 'not_in_this_version'
  | 'no_terminal'
  | 'refused'
  | 'not_found'
  | 'failed'
  | 'interrupted';

const exitCodes: Readonly<Record<CliErrorCode, number>> = {
  usage: 2,
  not_in_this_version: 1,
  no_terminal: 1,
  refused: 1,
  not_found: 1,
  failed: 1,
  interrupted: 130,
};

/** What this program itself has to say; everything else is said by the libraries. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  readonly hint: string | null;
  readonly exitCode: number;
  readonly data: Readonly<Record<string, unknown>> = {};

  constructor(
    code: CliErrorCode,
    message: string,
    options: { hint?: string | null; exitCode?: number } = {},
  ) {
    super(message);
    this.code = code;
    this.hint = options.hint ?? null;
    this.exitCode = options.exitCode ?? exitCodes[code];
    Object.defineProperty(this, brand, { value: true });
    Object.defineProperty(this, userError, { value: true });
  }

  static isInstance(value: unknown): value is CliError {
    return typeof value === 'object' && value !== null && Reflect.get(value, brand) === true;
  }
}
