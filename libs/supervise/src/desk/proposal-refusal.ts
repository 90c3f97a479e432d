import { visibleLine } from '@bot-bottle/audit';
import { ProtocolError, ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { SuperviseError } from '../error.ts';
import type { Proposal } from '../proposal.ts';
import { refusedEvent } from './proposal-audit.ts';
import { messageOf } from './proposal-book.ts';
import type { ProposalDeskOptions } from './proposal-contracts.ts';

/** What the sidecar is told of why its proposal is not taken; the log or the operator hears of it too. */
export async function refusalOf(
  error: unknown,
  sidecar: Proposal['sidecar'],
  { audit, onWarning }: ProposalDeskOptions,
): Promise<ProtocolRefusal> {
  const code = SuperviseError.isInstance(error) ? error.code : null;
  if (code === 'closed') return new ProtocolRefusal('the bottle is being stopped');
  if (code === 'too_many_proposals') {
    await audit.append([refusedEvent(sidecar, code)]).catch(() => undefined);
    return new ProtocolRefusal(`${code}: ${messageOf(error)}`);
  }
  if (code === 'invalid_proposal' || code === 'not_allowed') {
    await audit.append([refusedEvent(sidecar, 'malformed_request')]).catch(() => undefined);
    return new ProtocolRefusal(messageOf(error));
  }
  onWarning(`a proposal of ${sidecar} was refused: ${messageOf(error)}`);
  const told = code === 'audit_unavailable' ? code : 'queue_unavailable';
  return new ProtocolRefusal(`${told}: nothing may be asked`);
}

/** For `catch`: the log refused an event without which nothing may go on. */
export const auditFailed =
  (what: string) =>
  (cause: unknown): never => {
    throw new SuperviseError('audit_unavailable', `the audit log cannot be written: ${what}`, { cause });
  };

export const notKnown = 'whether it was applied is not known';

/** What a sidecar gave as the reason is hostile text; what it broke or left unanswered is ours to say. */
export function whyNotApplied(error: unknown): string {
  if (SuperviseError.isInstance(error)) return visibleLine(error.message, 2000);
  if (ProtocolRefusal.isInstance(error)) {
    return [error.message, ...error.problems]
      .map((text) => visibleLine(text, 500))
      .join('; ')
      .slice(0, 2000);
  }
  const late = `the sidecar did not answer in time; ${notKnown}`;
  // The reason of `AbortSignal.timeout`.
  if (error instanceof Error && error.name === 'TimeoutError') return late;
  if (!ProtocolError.isInstance(error)) return `the bottle ended meanwhile; ${notKnown}`;
  if (error.code === 'timed_out') return late;
  return error.code === 'closed'
    ? `the sidecar ended; ${notKnown}`
    : `the sidecar broke the protocol (${error.code})`;
}
