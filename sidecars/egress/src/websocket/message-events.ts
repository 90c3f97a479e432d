import type { AuditEvent } from '@bot-bottle/audit';
import type { Finding } from '@bot-bottle/dlp';
import type { AllowDecision } from '@bot-bottle/egress';
import type { Denied } from '../request/denied.ts';
import { answerEvent, eventDetails } from '../request/exchange-events.ts';

/** One WebSocket, as its events name it. */
export interface MessageScene {
  readonly decision: AllowDecision;
  /** as it is recorded */
  readonly target: string;
}

/** The event of a message in which something was found and that goes on all the same. */
export function passedEvent(
  { decision, target }: MessageScene,
  outcome: 'allowed' | 'warned' | 'redacted',
  findings: readonly Finding[],
  proposal: string | null,
): AuditEvent {
  return {
    layer: 'egress',
    action: 'message',
    outcome,
    code: null,
    target,
    rule: decision.rule,
    details: eventDetails(decision, findings, proposal),
  };
}

/** The event of something found in what a server sent, which goes on all the same. */
export function receivedEvent({ decision, target }: MessageScene, findings: readonly Finding[]): AuditEvent {
  return { ...answerEvent(decision, target, findings), action: 'message' };
}

/** The event of what ended a WebSocket before its sides did. */
export function endedEvent(
  { decision, target }: MessageScene,
  denied: Denied,
  proposal: string | null,
): AuditEvent {
  return {
    layer: 'egress',
    action: 'message',
    outcome: denied.code === 'upstream_invalid' ? 'failed' : 'denied',
    code: denied.code,
    target,
    rule: denied.rule ?? decision.rule,
    details: eventDetails(decision, denied.findings, proposal),
  };
}
