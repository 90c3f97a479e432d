import { hash } from 'node:crypto';
import type { AuditEvent } from '@bot-bottle/audit';
import { canonicalJson } from '../canonical-json.ts';
import type { Grant } from '../kinds/egress-schema.ts';
import { proposalTarget } from '../proposal-kinds.ts';
import type { Proposal, ProposalRequest, Response } from '../proposal.ts';
import type { DecideRequest } from './proposal-contracts.ts';

/** What the desk writes down; never texts that the agent chose beyond names: a host, a repository, a ref. */
type Event = Pick<AuditEvent, 'action' | 'outcome' | 'code' | 'details'>;

function supervised(target: string, event: Event): AuditEvent {
  return { layer: 'supervise', rule: null, target: target.slice(0, 4096), ...event };
}

/** The id leads, so that two decisions in a row are never taken for a repetition of one. */
function targetOf({ id, request }: Proposal): string {
  return `${id} ${proposalTarget(request)}`;
}

export function proposalEvent(proposal: Proposal, digest: string): AuditEvent {
  const { sidecar, request } = proposal;
  const details = { id: proposal.id, kind: request.kind, sidecar, digest };
  return supervised(targetOf(proposal), { action: 'proposal', outcome: 'held', code: null, details });
}

/** Written before an approval is applied: what cannot be recorded must not happen. */
export function approvalEvent(
  proposal: Proposal,
  by: string,
  { reason, grant = null, dockerfile = null }: Pick<DecideRequest, 'reason' | 'grant' | 'dockerfile'>,
): AuditEvent {
  const { id, request } = proposal;
  const image = dockerfileFact(request, dockerfile);
  const details = { id, kind: request.kind, by, reason, grant: grantFact(grant), ...image };
  return supervised(targetOf(proposal), { action: 'approve', outcome: 'held', code: null, details });
}

export function applyFailedEvent(proposal: Proposal, why: string): AuditEvent {
  const details = { id: proposal.id, why };
  return supervised(targetOf(proposal), { action: 'approve', outcome: 'failed', code: null, details });
}

export function decisionEvent(proposal: Proposal, response: Response): AuditEvent {
  const { outcome, reason, by, digest, applied } = response;
  const facts = {
    grant: grantFact(response.grant),
    ...dockerfileFact(proposal.request, response.dockerfile),
  };
  return supervised(targetOf(proposal), {
    action: 'decide',
    outcome: auditOutcome(outcome),
    code: outcome === 'rejected' ? 'approval_rejected' : null,
    details: { id: proposal.id, kind: proposal.request.kind, outcome, reason, by, digest, applied, ...facts },
  });
}

/** Reach that is given, null: as asked for, or none. */
const grantFact = (grant: Grant | null): string | null =>
  grant === null ? null : canonicalJson(grant).slice(0, 4096);

/** SHA-256 of a Dockerfile that is decided on; its text is in the queue and in the state. */
function dockerfileFact(request: ProposalRequest, taken: string | null): { dockerfile?: string } {
  return request.kind === 'capability-block'
    ? { dockerfile: hash('sha256', taken ?? request.dockerfile) }
    : {};
}

/** A sidecar sent what is no proposal of its, or too many; repetitions are counted by the log. */
export function refusedEvent(sidecar: string, code: 'malformed_request' | 'too_many_proposals'): AuditEvent {
  return supervised(sidecar, { action: 'proposal', outcome: 'denied', code, details: { sidecar } });
}

function auditOutcome(outcome: Response['outcome']): AuditEvent['outcome'] {
  switch (outcome) {
    case 'approved':
    case 'modified':
      return 'allowed';
    case 'rejected':
      return 'denied';
    case 'abandoned':
      return 'failed';
  }
}
