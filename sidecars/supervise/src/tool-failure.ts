import { denials, visibleLine } from '@bot-bottle/audit';
import type { DenialCode } from '@bot-bottle/audit';

/** Why a tool could not do it, beside the codes of denials. */
const own = {
  /** arguments that the tool does not take */
  invalid_arguments: false,
  /** whoever decides refused to take the question */
  proposal_refused: false,
  unknown_proposal: false,
  /** the place where proposals are kept cannot be used */
  queue_unavailable: true,
  /** no answer, or none that can be understood */
  unavailable: true,
  internal_error: false,
} as const;

export type ToolFailureCode = DenialCode | keyof typeof own;

const MAX_MESSAGE = 1000;

/** A tool could not do it: a result with `isError`, for the model to read. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  readonly code: ToolFailureCode;

  /** @param message hostile or not, it is made visible and cut; absent: the sentence of the denial */
  constructor(code: ToolFailureCode, message?: string) {
    super(visibleLine(message ?? (isDenial(code) ? denials[code].message : code), MAX_MESSAGE));
    this.code = code;
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    return isDenial(this.code) ? denials[this.code].retryable : own[this.code];
  }

  toJSON(): Readonly<Record<string, unknown>> {
    return { error: { code: this.code, message: this.message, retryable: this.retryable } };
  }
}

/** What the owner of a bottle says when it refuses: `code: text` where it has a code, else a text. */
export function failureOf(refusal: string): ToolFailure {
  const [, code, text] = /^([a-z_]{1,40}): (.*)$/s.exec(refusal) ?? [];
  if (code !== undefined && text !== undefined && (isDenial(code) || code === 'queue_unavailable'))
    return new ToolFailure(code, text);
  return new ToolFailure('proposal_refused', refusal);
}

function isDenial(code: string): code is DenialCode {
  return Object.hasOwn(denials, code);
}
