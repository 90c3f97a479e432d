import type { ProposalRequest, ProposalStatus } from '@bot-bottle/supervise';

/** Reach that an agent asks for, validated and in its normal form. */
export type EgressBlock = Extract<ProposalRequest, { kind: 'egress-block' }>;
/** Another image that an agent asks for. */
export type CapabilityBlock = Extract<ProposalRequest, { kind: 'capability-block' }>;
/** A host that the guard is asked to let pass. */
export type PipelockBlock = Extract<ProposalRequest, { kind: 'pipelock-block' }>;
export type AgentRequest = EgressBlock | PipelockBlock | CapabilityBlock;

/** Whoever keeps the proposals and knows the routes: the owner of the bottle, or files. Fails with `ToolFailure`. */
export interface SuperviseBackend {
  /**
   * Puts a proposal before a human; one that is open already is joined.
   *
   * @returns its id
   */
  propose(request: AgentRequest): Promise<string>;
  /**
   * How a proposal stands, once it is answered, `waitMs` have passed or `signal` aborts; null: there is no such
   * proposal of this bottle.
   */
  status(id: string, waitMs: number, signal: AbortSignal): Promise<ProposalStatus | null>;
  /** The routes as the agent may see them, not yet validated. */
  routes(signal: AbortSignal): Promise<unknown>;
}
