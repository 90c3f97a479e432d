import { visibleLine } from '@bot-bottle/audit';
import { SuperviseError } from '../error.ts';
import { responseSchema, type Outcome, type Proposal, type Response } from '../proposal.ts';
import { decisionEvent } from './proposal-audit.ts';
import type {
  DecideRequest,
  DeskedProposal,
  OpenProposal,
  ProposalDeskOptions,
} from './proposal-contracts.ts';

/** Responses that are remembered for whoever decides second, and for whoever asked. */
const REMEMBERED = 200;

interface Settled {
  readonly sidecar: Proposal['sidecar'];
  readonly response: Response;
}

/** An end that is not written down everywhere yet. */
interface Unrecorded {
  readonly proposal: Proposal;
  readonly response: Response;
  inQueue: boolean;
  inAudit: boolean;
}

/** What is open, in memory, and how the rest ended; writes the ends into queue and audit log. */
export class ProposalBook {
  readonly #options: ProposalDeskOptions;
  readonly #open = new Map<string, DeskedProposal>();
  readonly #settled = new Map<string, Settled>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #unrecorded: Unrecorded[] = [];

  constructor(options: ProposalDeskOptions) {
    this.#options = options;
  }

  get open(): ReadonlyMap<string, DeskedProposal> {
    return this.#open;
  }

  put(desked: DeskedProposal): void {
    this.#open.set(desked.proposal.id, desked);
  }

  /** Forgets one that could not be stored. */
  drop(desked: DeskedProposal): void {
    this.#open.delete(desked.proposal.id);
  }

  /** @throws SuperviseError `unknown_proposal`, `already_decided` with who did and when */
  find(id: DecideRequest['id']): DeskedProposal {
    const desked = this.#open.get(id);
    if (desked?.isListed === true) return desked;
    const earlier = this.#settled.get(id)?.response;
    if (earlier === undefined) throw new SuperviseError('unknown_proposal', 'there is no such proposal');
    const who = earlier.by === null ? '' : ` by ${earlier.by}`;
    throw new SuperviseError('already_decided', `${earlier.outcome} already${who} at ${earlier.decided}`);
  }

  /** How one ended, for whoever decides second, and for whoever asked. */
  remember({ id, sidecar }: Pick<Proposal, 'id' | 'sidecar'>, response: Response): void {
    this.#settled.set(id, { sidecar, response });
    const oldest = this.#settled.keys().next().value;
    if (this.#settled.size > REMEMBERED && oldest !== undefined) this.#settled.delete(oldest);
  }

  /** Records what was done already, so nothing here may fail it: what cannot be written is tried again later. */
  async settle(desked: Pick<OpenProposal, 'proposal'>, response: Response): Promise<Response> {
    const { proposal } = desked;
    this.#open.delete(proposal.id);
    this.remember(proposal, response);
    for (const wake of this.#waiting.get(proposal.id) ?? []) wake();
    const entry = { proposal, response, inQueue: false, inAudit: false };
    await this.#record(entry, (what, error) => {
      this.#options.onWarning(`${proposal.id} was ${response.outcome}, but ${what}: ${messageOf(error)}`);
    });
    if (entry.inQueue && entry.inAudit) await this.recordRest();
    return response;
  }

  /** Tries again to write down what could not be before, e.g. on a full disk. */
  async recordRest(): Promise<void> {
    // Taken out at once: two at the same time must not write an end twice.
    for (const entry of this.#unrecorded.splice(0)) await this.#record(entry, () => undefined);
  }

  async #record(entry: Unrecorded, onFailure: (what: string, error: unknown) => void): Promise<void> {
    const { audit, queue } = this.#options;
    const { proposal, response } = entry;
    if (!entry.inQueue) {
      await queue.respond(response).then(
        () => (entry.inQueue = true),
        (error: unknown) => {
          // The first response stays, whoever wrote it: trying again changes nothing.
          entry.inQueue = SuperviseError.isInstance(error) && error.code === 'already_decided';
          onFailure('the queue does not say so', error);
        },
      );
    }
    if (!entry.inAudit) {
      await audit.append([decisionEvent(proposal, response)]).then(
        () => (entry.inAudit = true),
        (error: unknown) => onFailure('the audit log does not say so', error),
      );
    }
    if (!entry.inQueue || !entry.inAudit) this.#unrecorded.push(entry);
  }

  /** How one of a sidecar's proposals ended; null: it waits; undefined: that sidecar never asked for it. */
  ended(id: string, sidecar: Proposal['sidecar']): Response | null | undefined {
    const settled = this.#settled.get(id);
    if (settled !== undefined) return settled.sidecar === sidecar ? settled.response : undefined;
    return this.#open.get(id)?.proposal.sidecar === sidecar ? null : undefined;
  }

  /** Resolves when the proposal ended, the time is over, or `signal` aborts. */
  async waitForEnd(id: string, waitMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    const wakes = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, wakes.add(wake));
    const timer = setTimeout(wake, waitMs);
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted || !this.#open.has(id)) wake();
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', wake);
    wakes.delete(wake);
    if (wakes.size === 0) this.#waiting.delete(id);
  }

  /** Closes one that nobody can answer any more; at once, before anything is awaited. */
  async abandon(desked: DeskedProposal, reason: string): Promise<void> {
    if (!this.#open.has(desked.proposal.id)) return;
    this.#options.onWarning(`the proposal ${desked.proposal.id} is abandoned: ${reason}`);
    await this.settle(desked, responseTo(desked, 'abandoned', reason));
  }
}

/** @param by null: nobody decided */
export function responseTo(
  { proposal, digest }: Pick<OpenProposal, 'proposal' | 'digest'>,
  outcome: Outcome,
  reason: string,
  by: string | null = null,
  done: Pick<Response, 'applied' | 'grant' | 'dockerfile'> = { applied: null, grant: null, dockerfile: null },
): Response {
  const decided = new Date().toISOString();
  return responseSchema.parse({ id: proposal.id, outcome, reason, decided, by, digest, ...done });
}

export const messageOf = (error: unknown): string =>
  visibleLine(error instanceof Error ? error.message : 'unknown failure', 500);
