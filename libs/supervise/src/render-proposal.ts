import { visibleLine } from '@bot-bottle/audit';
import { capabilityLines, capabilityTitle } from './kinds/capability-text.ts';
import { dlpLines, dlpTitle } from './kinds/dlp-text.ts';
import { egressLines, egressTitle } from './kinds/egress-text.ts';
import { pipelockLines, pipelockTitle } from './kinds/pipelock-text.ts';
import { pushLines, pushTitle } from './kinds/push-text.ts';
import { liveTable } from './live-table.ts';
import type { Proposal, ProposalRequest } from './proposal.ts';
import { riskSummary, type RiskContext } from './risk-summary.ts';
import { field, list } from './text-lines.ts';

/** What is asked, in one visible line. */
export function proposalTitle(request: ProposalRequest): string {
  switch (request.kind) {
    case 'push-approval':
    case 'gitleaks-allow':
      return pushTitle(request);
    case 'egress-block':
      return egressTitle(request);
    case 'dlp-hold':
      return dlpTitle(request);
    case 'capability-block':
      return capabilityTitle(request);
    case 'pipelock-block':
      return pipelockTitle(request);
  }
}

/** A proposal for a human, whole: everything that its digest covers. Each line is visible text and one line. */
export function renderProposal(proposal: Proposal, context: RiskContext = {}): string[] {
  const { request } = proposal;
  return [
    field('proposal', `${proposal.id} (${request.kind})`),
    field('bottle', `${visibleLine(proposal.bottle)}, asked by ${proposal.sidecar} at ${proposal.arrived}`),
    field('asks', proposalTitle(request)),
    ...list('risk', riskSummary(request, context)),
    ...kindLines(request, context),
  ];
}

function kindLines(request: ProposalRequest, { table = null, now = null }: RiskContext): string[] {
  switch (request.kind) {
    case 'push-approval':
    case 'gitleaks-allow':
      return pushLines(request);
    case 'egress-block':
      return egressLines(request, liveTable(table, now));
    case 'dlp-hold':
      return dlpLines(request);
    case 'capability-block':
      return capabilityLines(request);
    case 'pipelock-block':
      return pipelockLines(request);
  }
}
