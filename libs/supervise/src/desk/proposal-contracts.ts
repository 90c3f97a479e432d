import type { AuditLog } from '@bot-bottle/audit';
import type { FloodLimit } from '../flood-limit.ts';
import type { Grant } from '../kinds/egress-schema.ts';
import type {
  Decision,
  Outcome,
  Proposal,
  ProposalKind,
  ProposalRequest,
  Queued,
  Response,
} from '../proposal.ts';
import type { ProposalStatus } from '../query.ts';
import type { QueueStore } from '../queue/queue-store.ts';

export interface ProposalDeskOptions {
  /** identity of the bottle */
  readonly bottle: string;
  readonly queue: Pick<QueueStore, 'add' | 'respond' | 'list'>;
  readonly audit: Pick<AuditLog, 'append'>;
  /** One visible line for the operator: what is asked, and the command that answers. */
  readonly onNotice: (line: string) => void;
  readonly onWarning: (message: string) => void;
  /** Told of each new proposal once it is stored. */
  readonly onProposal?: (proposal: Proposal) => void;
  /** who applies decisions on kinds that are not the business of the sidecar that asks */
  readonly appliers?: Readonly<Partial<Record<ProposalKind, ProposalApplier>>>;
  /**
   * Looks into every request before it is written anywhere.
   *
   * @throws SuperviseError `invalid_proposal` with what the one who asks should know
   */
  readonly screen?: (request: ProposalRequest) => Promise<void>;
  /** absent: the usual limits */
  readonly flood?: Pick<FloodLimit, 'take'>;
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

/** What an approval did. */
export interface Applied {
  readonly outcome: Extract<Outcome, 'approved' | 'modified'>;
  /** one line for the record, for whoever asked and for the operator */
  readonly text: string;
  /** reach that was given, null: none */
  readonly grant: Grant | null;
  /** Dockerfile that was taken instead of the one that was asked for; absent or null: none */
  readonly dockerfile?: string | null;
}

export interface ApplyOptions {
  /** Tells the sidecar that asked, and resolves when it has done its part. */
  readonly tell: () => Promise<void>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Carries out approvals of one kind of proposal. */
export interface ProposalApplier {
  /**
   * Looks at a request when it arrives.
   *
   * @throws SuperviseError `invalid_proposal` with what the one who asks should know
   */
  check?(request: ProposalRequest): void;
  /**
   * Looks at a decision before anything is written or done.
   *
   * @throws SuperviseError `changed`, `invalid_grant`, `invalid_dockerfile`
   */
  review?(proposal: Proposal, decision: DecideRequest): void;
  /** Does it. @throws SuperviseError, or what the sidecar said: then nothing was done and the proposal still waits */
  apply(proposal: Proposal, decision: DecideRequest, options: ApplyOptions): Promise<Applied>;
  /** Told when what it applied is recorded. Must not throw, and nothing waits for it. */
  recorded?(response: Response): void;
}

/** One life of one sidecar: what it asks is decided with it or with nobody. */
export interface ProposalSource {
  /** Takes what the sidecar sent; rejects with a `ProtocolRefusal`, which is for its eyes. */
  propose(raw: unknown): Promise<Queued>;
  /**
   * How a proposal of this sidecar stands, once it is answered or `waitMs` have passed; null: it never asked for that.
   */
  status(id: string, waitMs: number, signal: AbortSignal): Promise<ProposalStatus | null>;
  /** The life ended: those of its open proposals that only it could apply are closed as abandoned. */
  gone(): void;
}

export interface DecideRequest {
  readonly id: string;
  /** of the proposal as it was displayed, see `proposalDigest` */
  readonly digest: string;
  readonly outcome: 'approved' | 'rejected';
  /** at most 4096 characters */
  readonly reason: string;
  /** reach that is given instead of what was asked for; absent or null: as asked for */
  readonly grant?: Grant | null;
  /** Dockerfile that is taken instead of the one that was asked for; absent or null: as asked for */
  readonly dockerfile?: string | null;
  /** digest of the route table that was displayed beside it; absent or null: none was */
  readonly table?: string | null;
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
