import { visibleLine } from '@bot-bottle/audit';
import {
  canonicalJson,
  FloodLimit,
  idSource,
  needsReason,
  proposalDigest,
  proposalKinds,
  proposalTitle,
  SuperviseError,
  type Decision,
  type Proposal,
  type Queued,
  type Response,
} from '@bot-bottle/supervise';
import { applyFailedEvent, approvalEvent, decisionEvent, proposalEvent } from './proposal-audit.ts';
import { messageOf, ProposalBook, responseTo } from './proposal-book.ts';
import { checkRequest } from './proposal-check.ts';
import { auditFailed, notKnown, refusalOf, whyNotApplied } from './proposal-refusal.ts';
import type {
  ApplyDecision,
  DecideRequest,
  DeskedProposal,
  OpenProposal,
  ProposalDeskOptions,
  ProposalSource,
  SidecarLife,
} from './proposal-contracts.ts';

/**
 * The one place where proposals of a bottle arrive and are decided. It decides by what it holds in memory since the
 * arrival; the files of the queue are the record.
 */
export class ProposalDesk {
  readonly #options: ProposalDeskOptions;
  readonly #book: ProposalBook;
  readonly #flood = new FloodLimit();
  readonly #newId = idSource();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #abort = new AbortController();
  #closing: Promise<readonly string[]> | null = null;

  private constructor(options: ProposalDeskOptions) {
    this.#options = options;
    this.#book = new ProposalBook(options);
  }

  /** Closes what an earlier owner of the same identity left open when it died. */
  static async open(options: ProposalDeskOptions): Promise<ProposalDesk> {
    const { queue, audit, onWarning } = options;
    try {
      const { entries, problems } = await queue.list();
      for (const problem of problems) onWarning(`queue: ${problem}`);
      for (const entry of entries) {
        if (entry.response !== null) continue;
        const ended = responseTo(entry, 'abandoned', 'the launcher ended without an answer');
        await audit.append([decisionEvent(entry.proposal, ended)]);
        await queue.respond(ended);
      }
    } catch (error) {
      // Proposals are refused while it stays like that; a bottle that asks for nothing is none the worse.
      onWarning(`the queue of proposals: ${messageOf(error)}`);
    }
    return new ProposalDesk(options);
  }

  /** Begins a life of a sidecar. */
  connect(sidecar: Proposal['sidecar'], apply: ApplyDecision): ProposalSource {
    const life: SidecarLife = { sidecar, apply, isGone: false };
    return {
      propose: async (raw) => await this.#watched(this.#propose(life, raw)),
      gone: () => {
        life.isGone = true;
        for (const desked of this.#book.open.values()) {
          if (desked.life !== life || desked.deciding !== null || !desked.isListed) continue;
          void this.#watched(this.#book.abandon(desked, `the sidecar ${sidecar} ended`));
        }
      },
    };
  }

  /** What waits for a human, by arrival. */
  list(): OpenProposal[] {
    return [...this.#book.open.values()]
      .filter(({ isListed }) => isListed)
      .map(({ proposal, digest, deciding }) => ({ proposal, digest, deciding }));
  }

  /**
   * Applies a decision and then records it. Of several at once the first wins.
   *
   * @throws SuperviseError `unknown_proposal`, `already_decided`, `being_decided`, `changed`, `needs_reason`, `closed`,
   *   `audit_unavailable`: nothing was done; `apply_failed`: the proposal still waits, unless its sidecar ended
   */
  async decide(request: DecideRequest): Promise<Response> {
    if (this.#closing !== null) throw new SuperviseError('closed', 'the bottle is being stopped');
    const desked = this.#decidable(request);
    // Nothing was awaited up to this mark: two decisions cannot both get past it.
    desked.deciding = { by: visibleLine(request.by, 128), since: new Date().toISOString() };
    return await this.#watched(
      request.outcome === 'approved' ? this.#approve(desked, request) : this.#reject(desked, request),
    );
  }

  /**
   * Closes what is open: nobody can answer any more. Asking again gives the same result.
   *
   * @returns a warning for each
   */
  close(): Promise<readonly string[]> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #propose(life: SidecarLife, raw: unknown): Promise<Queued> {
    try {
      if (this.#closing !== null || life.isGone)
        throw new SuperviseError('closed', 'the bottle is being stopped');
      const request = checkRequest(raw, life.sidecar);
      const content = canonicalJson(request);
      const open = [...this.#book.open.values()];
      const same = open.find((each) => each.life === life && each.content === content);
      if (same !== undefined) {
        await same.arrived;
        return { id: same.proposal.id };
      }
      this.#flood.take(open.length);
      return await this.#arrive(life, {
        id: this.#newId(),
        bottle: this.#options.bottle,
        sidecar: life.sidecar,
        arrived: new Date().toISOString(),
        request,
      });
    } catch (error) {
      throw await refusalOf(error, life.sidecar, this.#options);
    }
  }

  async #arrive(life: SidecarLife, proposal: Proposal): Promise<Queued> {
    const { promise: arrived, resolve, reject } = Promise.withResolvers<void>();
    arrived.catch(() => undefined);
    const content = canonicalJson(proposal.request);
    const digest = proposalDigest(proposal);
    const desked: DeskedProposal = {
      proposal,
      digest,
      deciding: null,
      life,
      content,
      arrived,
      isListed: false,
    };
    // Counted before anything is awaited, so that a burst cannot get past the limit.
    this.#book.put(desked);
    try {
      await this.#store(desked);
      resolve();
      return { id: proposal.id };
    } catch (error) {
      this.#book.drop(desked);
      reject(error);
      throw error;
    }
  }

  async #store(desked: DeskedProposal): Promise<void> {
    const { audit, queue, onNotice, bottle } = this.#options;
    const { proposal, digest, life } = desked;
    await audit.append([proposalEvent(proposal, digest)]).catch(auditFailed('nothing may be asked'));
    await queue.add(proposal);
    desked.isListed = true;
    if (life.isGone) {
      await this.#book.abandon(desked, `the sidecar ${life.sidecar} ended`);
      throw new SuperviseError('closed', 'the sidecar ended');
    }
    const answer = `bot-bottle supervise show ${proposal.id}`;
    onNotice(`${bottle} asks: ${visibleLine(proposalTitle(proposal.request), 300)}; ${answer}`);
  }

  #decidable({ id, digest, outcome, reason }: DecideRequest): DeskedProposal {
    const desked = this.#book.find(id);
    if (desked.deciding !== null) {
      const { by, since } = desked.deciding;
      throw new SuperviseError('being_decided', `${by} is deciding it since ${since}`);
    }
    if (desked.digest !== digest) {
      throw new SuperviseError('changed', 'this is not the proposal that was shown: nothing was decided', {
        hint: 'look at it again',
      });
    }
    const { request } = desked.proposal;
    if (outcome === 'approved' && needsReason(request) && reason.trim() === '') {
      throw new SuperviseError('needs_reason', `approving ${request.kind} needs a reason`);
    }
    return desked;
  }

  async #reject(desked: DeskedProposal, { id, reason, by }: DecideRequest): Promise<Response> {
    const { onWarning, rejectTimeoutMs = 10_000 } = this.#options;
    const told = { timeoutMs: rejectTimeoutMs, signal: this.#abort.signal };
    await desked.life.apply({ proposal: id, outcome: 'rejected', reason }, told).catch((error: unknown) => {
      onWarning(`${id}: the sidecar did not confirm the rejection: ${whyNotApplied(error)}`);
    });
    return await this.#book.settle(desked, responseTo(desked, 'rejected', reason, visibleLine(by, 128)));
  }

  async #approve(desked: DeskedProposal, { id, reason, by }: DecideRequest): Promise<Response> {
    try {
      await this.#apply(desked, { proposal: id, outcome: 'approved', reason }, by);
    } catch (error) {
      desked.deciding = null;
      const ended = this.#abort.signal.aborted ? 'bottle' : desked.life.isGone ? 'sidecar' : null;
      if (ended !== null)
        await this.#book.abandon(desked, `the ${ended} ended while it was applied; ${notKnown}`);
      throw error;
    }
    const response = responseTo(desked, 'approved', reason, visibleLine(by, 128));
    return await this.#book.settle(desked, { ...response, applied: `applied by ${desked.life.sidecar}` });
  }

  async #apply(desked: DeskedProposal, decision: Decision, by: string): Promise<void> {
    const { audit, applyTimeoutMs = 30 * 60_000 } = this.#options;
    const { proposal, life } = desked;
    // What cannot be recorded must not happen.
    await audit
      .append([approvalEvent(proposal, visibleLine(by, 128), decision.reason)])
      .catch(auditFailed('nothing was applied'));
    try {
      await life.apply(decision, { timeoutMs: applyTimeoutMs, signal: this.#abort.signal });
    } catch (error) {
      const why = whyNotApplied(error);
      await audit.append([applyFailedEvent(proposal, why)]).catch(() => undefined);
      throw new SuperviseError('apply_failed', `it could not be applied: ${why}`, {
        hint: life.isGone ? 'its sidecar ended, so the proposal is closed' : 'the proposal still waits',
        cause: error,
      });
    }
  }

  async #close(): Promise<readonly string[]> {
    const grace = setTimeout(() => this.#abort.abort(), this.#options.closeGraceMs ?? 5000);
    // Whatever is under way ends by itself or with the abort.
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    clearTimeout(grace);
    const warnings: string[] = [];
    for (const desked of this.#book.open.values()) {
      const { id, request } = desked.proposal;
      await this.#book.settle(
        desked,
        responseTo(desked, proposalKinds[request.kind].atEnd, 'the bottle ended'),
      );
      warnings.push(
        `the proposal ${id} (${visibleLine(proposalTitle(request), 300)}) is closed: nobody answered`,
      );
    }
    return warnings;
  }

  async #watched<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }
}
