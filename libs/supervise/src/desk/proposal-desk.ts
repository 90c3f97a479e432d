import { visibleLine } from '@bot-bottle/audit';
import { canonicalJson } from '../canonical-json.ts';
import { SuperviseError } from '../error.ts';
import { FloodLimit } from '../flood-limit.ts';
import { proposalDigest } from '../proposal-digest.ts';
import { idSource } from '../proposal-id.ts';
import { needsReason, proposalKinds } from '../proposal-kinds.ts';
import { MAX_REASON, type Proposal, type ProposalRequest, type Queued, type Response } from '../proposal.ts';
import type { ProposalStatus } from '../query.ts';
import { proposalTitle } from '../render-proposal.ts';
import { applyFailedEvent, approvalEvent, decisionEvent, proposalEvent } from './proposal-audit.ts';
import { messageOf, ProposalBook, responseTo } from './proposal-book.ts';
import { checkRequest } from './proposal-check.ts';
import { auditFailed, notKnown, refusalOf, whyNotApplied } from './proposal-refusal.ts';
import type {
  Applied,
  ApplyDecision,
  DecideRequest,
  DeskedProposal,
  OpenProposal,
  ProposalApplier,
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
  readonly #flood: Pick<FloodLimit, 'take'>;
  readonly #newId = idSource();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #abort = new AbortController();
  #closing: Promise<readonly string[]> | null = null;

  private constructor(options: ProposalDeskOptions) {
    this.#options = options;
    this.#book = new ProposalBook(options);
    this.#flood = options.flood ?? new FloodLimit();
  }

  /** Closes what an earlier owner of the same identity left open when it died. */
  static async open(options: ProposalDeskOptions): Promise<ProposalDesk> {
    const { queue, audit, onWarning } = options;
    const desk = new ProposalDesk(options);
    try {
      const { entries, problems } = await queue.list();
      for (const problem of problems) onWarning(`queue: ${problem}`);
      for (const entry of entries) {
        if (entry.response !== null) {
          // Whoever asked may ask how it ended, also in a later life.
          desk.#book.remember(entry.proposal, entry.response);
          continue;
        }
        const ended = responseTo(entry, 'abandoned', 'the launcher ended before it recorded an answer');
        await audit.append([decisionEvent(entry.proposal, ended)]);
        await queue.respond(ended);
        desk.#book.remember(entry.proposal, ended);
      }
    } catch (error) {
      // Proposals are refused while it stays like that; a bottle that asks for nothing is none the worse.
      onWarning(`the queue of proposals: ${messageOf(error)}`);
    }
    return desk;
  }

  /** Begins a life of a sidecar. */
  connect(sidecar: Proposal['sidecar'], apply: ApplyDecision): ProposalSource {
    const life: SidecarLife = { sidecar, apply, isGone: false };
    return {
      propose: async (raw) => await this.#watched(this.#propose(life, raw)),
      status: async (id, waitMs, signal) => await this.#status(life, id, waitMs, signal),
      gone: () => {
        life.isGone = true;
        for (const desked of this.#book.open.values()) {
          if (desked.life !== life || desked.deciding !== null || !desked.isListed) continue;
          if (outlives(desked.proposal.request)) continue;
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
      this.#applier(request)?.check?.(request);
      await this.#options.screen?.(request);
      const content = canonicalJson(request);
      const open = [...this.#book.open.values()];
      const same = open.find((each) => each.content === content && isAnswerable(each, life));
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
    const { audit, queue, onNotice, onProposal, onWarning, bottle } = this.#options;
    const { proposal, digest, life } = desked;
    await audit.append([proposalEvent(proposal, digest)]).catch(auditFailed('nothing may be asked'));
    await queue.add(proposal);
    desked.isListed = true;
    if (life.isGone && !outlives(proposal.request)) {
      await this.#book.abandon(desked, `the sidecar ${life.sidecar} ended`);
      throw new SuperviseError('closed', 'the sidecar ended');
    }
    const answer = `bot-bottle supervise show ${proposal.id}`;
    try {
      onNotice(`${bottle} asks: ${visibleLine(proposalTitle(proposal.request), 300)}; ${answer}`);
      onProposal?.(proposal);
    } catch (error) {
      // It is stored: whoever lists proposals sees it.
      onWarning(`the operator may not have been told of the proposal ${proposal.id}: ${messageOf(error)}`);
    }
  }

  async #status(
    { sidecar }: SidecarLife,
    id: string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<ProposalStatus | null> {
    if (this.#book.ended(id, sidecar) === null) {
      const either = AbortSignal.any([signal, this.#abort.signal]);
      await this.#book.waitForEnd(id, waitMs, either);
    }
    const ended = this.#book.ended(id, sidecar);
    if (ended === undefined) return null;
    if (ended === null) return { id, status: 'pending', notes: '', applied: null, grant: null };
    const { outcome, reason, applied, grant } = ended;
    return { id, status: outcome, notes: reason, applied, grant };
  }

  #applier({ kind }: ProposalRequest): ProposalApplier | undefined {
    return this.#options.appliers?.[kind];
  }

  #decidable(decision: DecideRequest): DeskedProposal {
    const { id, digest, outcome, reason } = decision;
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
    if (reason.length > MAX_REASON)
      throw new SuperviseError('needs_reason', `a reason has at most ${MAX_REASON} characters`);
    if (outcome === 'rejected') return desked;
    if (needsReason(request) && reason.trim() === '') {
      throw new SuperviseError('needs_reason', `approving ${request.kind} needs a reason`);
    }
    const applier = this.#applier(request);
    if (applier?.review === undefined && (decision.grant ?? null) !== null)
      throw new SuperviseError('invalid_grant', `${request.kind} is approved as it is or not at all`);
    if (request.kind !== 'capability-block' && (decision.dockerfile ?? null) !== null)
      throw new SuperviseError('invalid_dockerfile', `${request.kind} takes no Dockerfile`);
    applier?.review?.(desked.proposal, decision);
    return desked;
  }

  async #reject(desked: DeskedProposal, { id, reason, by }: DecideRequest): Promise<Response> {
    const { onWarning, rejectTimeoutMs = 10_000 } = this.#options;
    // Whoever waits for the answer asks for it.
    if (!outlives(desked.proposal.request)) {
      const told = { timeoutMs: rejectTimeoutMs, signal: this.#abort.signal };
      await desked.life.apply({ proposal: id, outcome: 'rejected', reason }, told).catch((error: unknown) => {
        onWarning(`${id}: the sidecar did not confirm the rejection: ${whyNotApplied(error)}`);
      });
    }
    return await this.#book.settle(desked, responseTo(desked, 'rejected', reason, visibleLine(by, 128)));
  }

  async #approve(desked: DeskedProposal, decision: DecideRequest): Promise<Response> {
    let done: Applied;
    try {
      done = await this.#apply(desked, decision);
    } catch (error) {
      desked.deciding = null;
      const isOrphan = desked.life.isGone && !outlives(desked.proposal.request);
      const ended = this.#abort.signal.aborted ? 'bottle' : isOrphan ? 'sidecar' : null;
      if (ended !== null)
        await this.#book.abandon(desked, `the ${ended} ended while it was applied; ${notKnown}`);
      throw error;
    }
    const { outcome, text, grant, dockerfile = null } = done;
    const by = visibleLine(decision.by, 128);
    const result = { applied: visibleLine(text, 1000), grant, dockerfile };
    const response = responseTo(desked, outcome, decision.reason, by, result);
    await this.#book.settle(desked, response);
    this.#applier(desked.proposal.request)?.recorded?.(response);
    return response;
  }

  async #apply(desked: DeskedProposal, decision: DecideRequest): Promise<Applied> {
    const { audit, applyTimeoutMs = 30 * 60_000 } = this.#options;
    const { proposal, life } = desked;
    const { id, reason, by } = decision;
    // What cannot be recorded must not happen.
    await audit
      .append([approvalEvent(proposal, visibleLine(by, 128), decision)])
      .catch(auditFailed('nothing was applied'));
    const options = { timeoutMs: applyTimeoutMs, signal: this.#abort.signal };
    const tell = (): Promise<void> => life.apply({ proposal: id, outcome: 'approved', reason }, options);
    try {
      const applier = this.#applier(proposal.request);
      if (applier !== undefined) return await applier.apply(proposal, decision, { ...options, tell });
      await tell();
      return { outcome: 'approved', text: `applied by ${life.sidecar}`, grant: null };
    } catch (error) {
      const why = whyNotApplied(error);
      await audit.append([applyFailedEvent(proposal, why)]).catch(() => undefined);
      if (SuperviseError.isInstance(error) && error.code === 'changed') throw error;
      const isClosed = life.isGone && !outlives(proposal.request);
      throw new SuperviseError('apply_failed', `it could not be applied: ${why}`, {
        hint: isClosed ? 'its sidecar ended, so the proposal is closed' : 'the proposal still waits',
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
    await this.#book.recordRest();
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

const outlives = ({ kind }: ProposalRequest): boolean => proposalKinds[kind].outlivesSidecar;

/** Whether an open proposal answers a question of this life too. */
function isAnswerable({ life: asked, proposal }: DeskedProposal, life: SidecarLife): boolean {
  return asked === life || (asked.sidecar === life.sidecar && outlives(proposal.request));
}
