import type { Finding } from '@bot-bottle/dlp';
import type { AllowDecision } from '@bot-bottle/egress';
import type { ProposalRequest } from '@bot-bottle/supervise';
import { valueKey } from './approved-values.ts';

export type HoldRequest = Extract<ProposalRequest, { kind: 'dlp-hold' }>;

/** Most findings that a human is shown at once. */
export const MAX_LISTED = 16;
const MAX_RULE = 256;

/** What a human is asked about one request: rules, places and hashes, never a value. */
export function holdRequest(
  method: string,
  target: string,
  decision: AllowDecision,
  findings: readonly Finding[],
): HoldRequest {
  const listed = distinct(findings);
  return {
    kind: 'dlp-hold',
    method: method.slice(0, 32),
    scheme: decision.scheme,
    host: decision.host,
    // the method is told apart from it
    target: target.slice(target.indexOf(' ') + 1).slice(0, 2048),
    route: decision.rule.slice(0, 256),
    findings: listed.slice(0, MAX_LISTED).map(({ detector, rule, severity, surface, context, sha256 }) => ({
      detector,
      rule,
      severity,
      surface: String(surface).slice(0, 256),
      masked: context.slice(0, 512),
      sha256,
    })),
    more_findings: Math.max(0, listed.length - MAX_LISTED),
  };
}

/** Each value once: a human decides about values, not about places. */
export function distinct(findings: readonly Finding[]): Finding[] {
  const byValue = new Map<string, Finding>();
  for (const finding of findings) {
    const key = valueKey(finding);
    if (!byValue.has(key)) byValue.set(key, finding);
  }
  return [...byValue.values()];
}

/** Why a human cannot be asked about such findings, null: he can. */
export function whyNotAskable(findings: readonly Finding[]): string | null {
  if (findings.some(({ surface }) => surface === 'host'))
    return 'What stands in a host name cannot be approved.';
  if (findings.some(({ rule }) => rule.length > MAX_RULE))
    return 'The name of its rule is too long to ask a human.';
  return null;
}
