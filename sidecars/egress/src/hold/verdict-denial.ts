import { denials, visibleLine } from '@bot-bottle/audit';
import type { DenialCode } from '@bot-bottle/audit';
import type { Finding } from '@bot-bottle/dlp';
import { Denied } from '../request/denied.ts';
import { blockMessage } from '../request/scan-head.ts';
import type { Verdict } from './questions.ts';

/** Refusals of the launcher that the agent is told by their own code. */
const ownCodes = ['too_many_proposals', 'audit_unavailable'] as const satisfies readonly DenialCode[];

/** The denial of a request that a human did not let pass. */
export function verdictDenial(
  verdict: Exclude<Verdict, { kind: 'approved' }>,
  findings: readonly Finding[],
): Denied {
  const [first] = findings;
  const denied = (code: DenialCode, text: string) =>
    new Denied(code, { rule: first?.rule ?? null, text, findings });
  switch (verdict.kind) {
    case 'rejected':
      return denied('approval_rejected', withReason(denials.approval_rejected.message, verdict.reason));
    case 'abandoned':
      return denied(
        'approval_timeout',
        withReason('The question was closed without an answer.', verdict.reason),
      );
    case 'timeout':
    case 'left':
      return denied(
        'approval_timeout',
        `${denials.approval_timeout.message} The question stays open: the same request passes once it is approved, so it can be tried again then.`,
      );
    case 'closed':
      return denied('shutting_down', denials.shutting_down.message);
    case 'failed':
      return failed(verdict.why, first, denied);
  }
}

/** The denial of a request that was cut, or that cannot be held, after a human was asked about it. */
export function askedDenial(findings: readonly Finding[], isApproved: boolean): Denied {
  const [first] = findings;
  const note = isApproved
    ? 'A human has approved it meanwhile: retry, and the same request passes.'
    : 'A request with a body over 1 MiB is not held, so it was cut; a human was asked. It is retryable: the same request passes after an approval.';
  return new Denied('dlp_blocked', {
    rule: first?.rule ?? null,
    text: blockMessage(first, note),
    findings,
  });
}

function failed(
  why: string,
  first: Finding | undefined,
  denied: (code: DenialCode, text: string) => Denied,
): Denied {
  if (why === 'the bottle is being stopped') return denied('shutting_down', denials.shutting_down.message);
  const told = visibleLine(why, 300);
  for (const code of ownCodes)
    if (why.startsWith(code)) return denied(code, `${denials[code].message} ${told}.`);
  return denied(
    'dlp_blocked',
    blockMessage(first, `The route asks a human, and that is not possible: ${told}.`),
  );
}

function withReason(text: string, reason: string): string {
  return reason === '' ? text : `${text} Reason: ${reason}`;
}
