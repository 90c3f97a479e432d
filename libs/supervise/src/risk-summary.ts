import { visibleLine, visibleText } from '@bot-bottle/audit';
import type { RouteTable } from '@bot-bottle/egress';
import { capabilityRisks } from './kinds/capability-risks.ts';
import { dlpRisks } from './kinds/dlp-text.ts';
import { egressRisks } from './kinds/egress-risks.ts';
import { pipelockRisks } from './kinds/pipelock-text.ts';
import { pushRisks } from './kinds/push-risks.ts';
import { liveTable } from './live-table.ts';
import type { ProposalRequest } from './proposal.ts';

/** What a proposal would change, as far as it is known. */
export interface RiskContext {
  /** routes of the bottle at present; absent or null: not known */
  readonly table?: RouteTable | null;
  /** time of the owner, milliseconds since the epoch, by which grants have ended; absent or null: none has */
  readonly now?: number | null;
}

/**
 * What a human should think of before he approves, one visible line each and the gravest first; [] when nothing stands
 * out. It is computed from what is asked, never taken from what the sidecar or the agent says about it.
 */
export function riskSummary(
  request: ProposalRequest,
  { table = null, now = null }: RiskContext = {},
): string[] {
  return [
    ...kindRisks(request, liveTable(table, now)),
    ...(hasInvisible(request) ? ['holds characters that cannot be seen; they are shown as \\u{…}'] : []),
  ];
}

function kindRisks(request: ProposalRequest, table: RouteTable | null): string[] {
  switch (request.kind) {
    case 'push-approval':
    case 'gitleaks-allow':
      return pushRisks(request);
    case 'egress-block':
      return egressRisks({ ...request, inject: false }, table);
    case 'dlp-hold':
      return dlpRisks(request);
    case 'capability-block':
      return capabilityRisks(request);
    case 'pipelock-block':
      return pipelockRisks(request, table);
  }
}

function hasInvisible(value: unknown, visible = visibleLine): boolean {
  if (typeof value === 'string') {
    // A sidecar may have made them visible already.
    return /\\u\{[0-9a-f]{1,6}\}/.test(value) || visible(value, Number.MAX_SAFE_INTEGER) !== value;
  }
  if (typeof value !== 'object' || value === null) return false;
  // A file has lines, and they are shown as such.
  return Object.entries(value).some(([key, each]) =>
    hasInvisible(each, key === 'dockerfile' || key === 'current' ? visibleText : visible),
  );
}
