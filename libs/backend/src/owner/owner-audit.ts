import type { AuditEvent } from '@bot-bottle/audit';

/** An event of the host layer: what the operator, or the owner for him, did. */
export function hostEvent(
  action: string,
  outcome: AuditEvent['outcome'],
  target: string,
  details: AuditEvent['details'] = {},
): AuditEvent {
  return { layer: 'host', action, outcome, code: null, target: target.slice(0, 4096), rule: null, details };
}
