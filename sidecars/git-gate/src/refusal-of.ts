import type { DenialCode } from '@bot-bottle/audit';
import { GitGateServerError } from './errors.ts';
import type { GitGateServerErrorCode } from './errors.ts';
import type { Refusal } from './http/answer.ts';

const codes: Partial<Record<GitGateServerErrorCode, DenialCode>> = {
  refresh_failed: 'refresh_failed',
  scanner_unavailable: 'scanner_unavailable',
  upstream_rejected: 'upstream_rejected',
  stale_ref: 'stale_ref',
  limit_exceeded: 'limit_exceeded',
  audit_unavailable: 'audit_unavailable',
  shutting_down: 'shutting_down',
};

/** What a client is told of an error; the text of one that is not ours may quote anything and is left out. */
export function refusalOf(error: unknown, otherwise: DenialCode): Refusal {
  if (!GitGateServerError.isInstance(error))
    return { code: otherwise, lines: ['an internal error; see the log'] };
  const { message, data } = error;
  return {
    code: codes[error.code] ?? otherwise,
    lines: [message, ...data.problems.filter((problem) => !message.includes(problem))],
  };
}
