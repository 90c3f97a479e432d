import type { AuditEvent } from '@bot-bottle/audit';
import type { Finding } from '@bot-bottle/dlp';
import type { AllowDecision, RequestHead } from '@bot-bottle/egress';
import type { Denied } from './denied.ts';

/** Facts of a decision: never a value, only rules, places and slots. */
export function eventDetails(
  decision: AllowDecision | null,
  findings: readonly Finding[],
  proposal: string | null,
): AuditEvent['details'] {
  const details: AuditEvent['details'] = {};
  const [first] = findings;
  if (first !== undefined) {
    details['finding'] = first.rule;
    details['surface'] = String(first.surface).slice(0, 128);
    details['sha256'] = first.sha256;
    details['findings'] = findings.length;
  }
  const slot = decision?.injectAuth?.slot;
  if (slot !== undefined) details['slot'] = slot;
  if (proposal !== null) details['proposal'] = proposal;
  return details;
}

/** The event that is recorded before a request goes on. */
export function allowedEvent(
  head: RequestHead,
  decision: AllowDecision,
  target: string,
  scan: { readonly findings: readonly Finding[]; readonly redacted: boolean },
  proposal: string | null,
): AuditEvent {
  return {
    layer: 'egress',
    action: head.upgrade === null ? 'request' : 'upgrade',
    outcome: scan.redacted ? 'redacted' : scan.findings.length > 0 ? 'warned' : 'allowed',
    code: null,
    target,
    rule: decision.rule,
    details: eventDetails(decision, scan.findings, proposal),
  };
}

/** The event of something found in an answer, which goes on all the same. */
export function answerEvent(
  decision: AllowDecision,
  target: string,
  findings: readonly Finding[],
): AuditEvent {
  return {
    layer: 'egress',
    action: 'response',
    outcome: 'warned',
    code: null,
    target,
    rule: decision.rule,
    details: eventDetails(decision, findings, null),
  };
}

/** The event of a request that waits for a human. */
export function heldEvent(
  head: RequestHead,
  matched: {
    readonly decision: AllowDecision;
    readonly target: string;
    readonly findings: readonly Finding[];
  },
  proposal: string,
): AuditEvent {
  const { decision, target, findings } = matched;
  return {
    layer: 'egress',
    action: head.upgrade === null ? 'request' : 'upgrade',
    outcome: 'held',
    code: null,
    target,
    rule: findings[0]?.rule ?? decision.rule,
    details: eventDetails(decision, findings, proposal),
  };
}

/** The event of a refusal, or of a failure after the request had gone on. */
export function deniedEvent(
  denied: Denied,
  decision: AllowDecision | null,
  target: string,
  wasForwarding: boolean,
  proposal: string | null,
): AuditEvent {
  return {
    layer: 'egress',
    action: 'request',
    outcome: wasForwarding && !isDecision(denied) ? 'failed' : 'denied',
    code: denied.code,
    target,
    rule: denied.rule ?? decision?.rule ?? null,
    details: eventDetails(decision, denied.findings, proposal),
  };
}

/** What the guard refuses is on its way already, but was decided. */
const isDecision = ({ code, findings }: Denied): boolean => findings.length > 0 || code === 'guard_denied';
