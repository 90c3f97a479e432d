import type { AuditEvent } from '@bot-bottle/audit';
import { proposalDigest } from '@bot-bottle/supervise';
import type { Proposal } from '@bot-bottle/supervise';
import type { EgressBlock } from '../contracts.ts';

/** The record of a proposal without its texts, as the desk of a launcher writes it. */
export function proposalEvent(proposal: Proposal, { host, kind }: EgressBlock): AuditEvent {
  const { id, sidecar } = proposal;
  return {
    layer: 'supervise',
    action: 'proposal',
    outcome: 'held',
    code: null,
    target: `${id} ${host}`,
    rule: null,
    details: { id, kind, sidecar, digest: proposalDigest(proposal) },
  };
}
