import type { Outcome, Proposal, ProposalKind, ProposalRequest } from './proposal.ts';

export interface KindRules {
  /** sidecars that may ask for it */
  readonly askedBy: readonly Proposal['sidecar'][];
  /** a human must say why when he approves */
  readonly needsReason: boolean;
  /** how it ends when its bottle does and nobody has answered */
  readonly atEnd: Outcome;
  /** whether it still waits when the sidecar that asked is started anew: then somebody else applies it */
  readonly outlivesSidecar: boolean;
}

const push = { askedBy: ['git-gate'], atEnd: 'rejected', outlivesSidecar: false } as const;

/** What is special about each kind; a new kind is a schema, a row here, its risks and its lines. */
export const proposalKinds: Readonly<Record<ProposalKind, KindRules>> = {
  'push-approval': { ...push, needsReason: false },
  'gitleaks-allow': { ...push, needsReason: true },
  'egress-block': {
    askedBy: ['supervise'],
    needsReason: false,
    atEnd: 'abandoned',
    outlivesSidecar: true,
  },
  'capability-block': {
    askedBy: ['supervise'],
    needsReason: false,
    atEnd: 'abandoned',
    outlivesSidecar: true,
  },
  'pipelock-block': {
    askedBy: ['supervise'],
    needsReason: false,
    atEnd: 'abandoned',
    outlivesSidecar: true,
  },
  'dlp-hold': { askedBy: ['egress'], needsReason: true, atEnd: 'abandoned', outlivesSidecar: false },
};

/** A human must say why when he lets a finding pass. */
export function needsReason(request: ProposalRequest): boolean {
  return proposalKinds[request.kind].needsReason;
}

/** What a proposal is about, for the audit log; never a text that the agent chose but for names that it has to choose. */
export function proposalTarget(request: ProposalRequest): string {
  switch (request.kind) {
    case 'push-approval':
    case 'gitleaks-allow':
      return `${request.repo} ${request.refs[0]?.ref ?? ''}`;
    case 'egress-block':
    case 'dlp-hold':
    case 'pipelock-block':
      return request.host;
    case 'capability-block':
      return 'image';
  }
}
