import type { AuditEvent } from '@bot-bottle/audit';
import { proposalDigest, proposalTarget } from '@bot-bottle/supervise';
import type { Proposal } from '@bot-bottle/supervise';

/** The record of a proposal without its texts, as the desk of a launcher writes it. */
export function proposalEvent(proposal: Proposal): AuditEvent {
  const { id, sidecar, request } = proposal;
  return {
    layer: 'supervise',
    action: 'proposal',
    outcome: 'held',
    code: null,
    target: `${id} ${proposalTarget(request)}`,
    rule: null,
    details: { id, kind: request.kind, sidecar, digest: proposalDigest(proposal) },
  };
}
