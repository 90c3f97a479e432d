import type { AuditEvent, DenialCode } from '@bot-bottle/audit';
import type { Finding } from '@bot-bottle/dlp';
import type { AllowDecision, RequestHead } from '@bot-bottle/egress';
import type { Denied } from './denied.ts';

/** Facts of a decision: never a value, only rules, places and slots. */
function eventDetails(decision: AllowDecision | null, findings: readonly Finding[]): AuditEvent['details'] {
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
  return details;
}

/** The event that is recorded before a request goes on. */
export function allowedEvent(
  head: RequestHead,
  decision: AllowDecision,
  target: string,
  scan: { readonly findings: readonly Finding[]; readonly redacted: boolean },
): AuditEvent {
  return {
    layer: 'egress',
    action: head.upgrade === null ? 'request' : 'upgrade',
    outcome: scan.redacted ? 'redacted' : scan.findings.length > 0 ? 'warned' : 'allowed',
    code: null,
    target,
    rule: decision.rule,
    details: eventDetails(decision, scan.findings),
  };
}

/** The event of a refusal, or of a failure after the request had gone on. */
export function deniedEvent(
  denied: Denied,
  decision: AllowDecision | null,
  target: string,
  wasForwarding: boolean,
): AuditEvent {
  return {
    layer: 'egress',
    action: 'request',
    outcome: wasForwarding && denied.findings.length === 0 ? 'failed' : 'denied',
    code: denied.code,
    target,
    rule: denied.rule ?? decision?.rule ?? null,
    details: eventDetails(decision, denied.findings),
  };
}

/** Codex falls back to plain HTTP at once on 426 and after seconds on anything else (chapter 12). */
export function statusOverride(head: RequestHead, code: DenialCode): number | undefined {
  if (code !== 'upgrade_not_allowed' || head.host !== 'chatgpt.com') return undefined;
  return head.path.split('?', 1)[0] === '/backend-api/codex/responses' ? 426 : undefined;
}
