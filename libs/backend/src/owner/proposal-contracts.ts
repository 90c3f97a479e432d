import type { AuditLog } from '@bot-bottle/audit';
import type { Decision, Proposal, Queued, QueueStore } from '@bot-bottle/supervise';

export interface ProposalDeskOptions {
  /** identity of the bottle */
  readonly bottle: string;
  readonly queue: Pick<QueueStore, 'add' | 'respond' | 'list'>;
  readonly audit: Pick<AuditLog, 'append'>;
  /** One visible line for the operator: what is asked, and the command that answers. */
  readonly onNotice: (line: string) => void;
  readonly onWarning: (message: string) => void;
  /** milliseconds that applying an approval may take, e.g. a push to the upstream; default 30 min */
  readonly applyTimeoutMs?: number;
  /** milliseconds that a sidecar gets to hear of a rejection, which counts whatever it says; default 10 s */
  readonly rejectTimeoutMs?: number;
  /** milliseconds that an approval that is being applied gets when the bottle ends; default 5000 */
  readonly closeGraceMs?: number;
}

/** Tells the sidecar that asked; resolves when it has applied the decision, rejects with why it could not. */
export type ApplyDecision = (
  decision: Decision,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<void>;

/** One life of one sidecar: what it asks is decided with it or with nobody. */
export interface ProposalSource {
  /** Takes what the sidecar sent; rejects with a `ProtocolRefusal`, which is for its eyes. */
  propose(raw: unknown): Promise<Queued>;
  /** The life ended: its open proposals are closed as abandoned. */
  gone(): void;
}

export interface DecideRequest {
  readonly id: string;
  /** of the proposal as it was displayed, see `proposalDigest` */
  readonly digest: string;
  readonly outcome: 'approved' | 'rejected';
  /** at most 4096 characters */
  readonly reason: string;
  /** who decides, for the record and for whoever comes second */
  readonly by: string;
}

export interface OpenProposal {
  readonly proposal: Proposal;
  readonly digest: string;
  /** who is deciding it at this moment, null: nobody */
  readonly deciding: { readonly by: string; readonly since: string } | null;
}

export interface SidecarLife {
  readonly sidecar: Proposal['sidecar'];
  readonly apply: ApplyDecision;
  isGone: boolean;
}

/** An open proposal with what only the owner knows of it. */
export interface DeskedProposal extends OpenProposal {
  readonly life: SidecarLife;
  /** canonical JSON of the request */
  readonly content: string;
  /** resolves when it is stored, rejects when it could not be */
  readonly arrived: Promise<void>;
  /** whether it is stored, so that it can be decided */
  isListed: boolean;
  deciding: OpenProposal['deciding'];
}
