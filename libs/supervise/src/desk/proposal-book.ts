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

/** What is open, in memory, and how the rest ended; writes the ends into queue and audit log. */
export class ProposalBook {
  readonly #options: ProposalDeskOptions;
  readonly #open = new Map<string, DeskedProposal>();
  readonly #settled = new Map<string, Settled>();
  readonly #waiting = new Map<string, Set<() => void>>();

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

  /** Records what was done already, so nothing here may fail it. */
  async settle(desked: Pick<OpenProposal, 'proposal'>, response: Response): Promise<Response> {
    const { proposal } = desked;
    this.#open.delete(proposal.id);
    this.#settled.set(proposal.id, { sidecar: proposal.sidecar, response });
    const oldest = this.#settled.keys().next().value;
    if (this.#settled.size > REMEMBERED && oldest !== undefined) this.#settled.delete(oldest);
    const { audit, queue, onWarning } = this.#options;
    const failed = (what: string) => (error: unknown) =>
      onWarning(`${proposal.id} was ${response.outcome}, but ${what}: ${messageOf(error)}`);
    for (const wake of this.#waiting.get(proposal.id) ?? []) wake();
    await queue.respond(response).catch(failed('the queue does not say so'));
    await audit.append([decisionEvent(proposal, response)]).catch(failed('the audit log does not say so'));
    return response;
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
  done: Pick<Response, 'applied' | 'grant'> = { applied: null, grant: null },
): Response {
  const decided = new Date().toISOString();
  return responseSchema.parse({ id: proposal.id, outcome, reason, decided, by, digest, ...done });
}

export const messageOf = (error: unknown): string =>
  visibleLine(error instanceof Error ? error.message : 'unknown failure', 500);
