import { visibleLine } from '@bot-bottle/audit';
import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { decisionSchema, FloodLimit, queuedSchema } from '@bot-bottle/supervise';
import type { EgressConfig } from '@bot-bottle/egress';
import type { Expirable, Sweeper } from '../limits/sweeper.ts';
import { within } from '../limits/within.ts';
import { ApprovedValues, placeOf } from './approved-values.ts';
import type { FoundValue } from './approved-values.ts';
import type { HoldRequest } from './hold-request.ts';
import { Questions } from './questions.ts';
import type { Question, Verdict, Waiting } from './questions.ts';

/** Puts a proposal before a human; resolves with `{id}` as soon as it was taken. */
export type Propose = (request: HoldRequest) => Promise<unknown>;

export interface HoldsOptions {
  /** null: there is nobody to ask */
  readonly propose: Propose | null;
  /** what was let pass in an earlier life of the sidecar */
  readonly approved: EgressConfig['dlp_approved'];
  readonly sweeper: Sweeper;
  /** how long the launcher may take to take a question, milliseconds */
  readonly askMs: number;
}

/** One request's place in the queue for an answer. */
export interface Held {
  readonly verdict: Promise<Verdict>;
  /** Stops waiting; the question stays, so that an answer still helps whoever tries again. */
  leave(): void;
}

/**
 * The requests that wait for a human. It asks once for all that ask the same, and no more often than the launcher
 * would take: the agent chooses how often requests are found with something.
 */
export class Holds {
  readonly #options: HoldsOptions;
  readonly #questions: Questions;
  readonly #flood = new FloodLimit();
  readonly #asking = new Set<Promise<void>>();
  #closed = false;

  constructor(options: HoldsOptions) {
    this.#options = options;
    this.#questions = new Questions(new ApprovedValues(options.approved));
  }

  /** requests that wait */
  get waiting(): number {
    return this.#questions.waiting;
  }

  /** What may leave to a place, null: nothing was approved. */
  approvedFor(place: string): readonly FoundValue[] | null {
    return this.#questions.approved.of(place);
  }

  /**
   * Asks, and waits until `deadline` of the monotonic clock. `onHeld` is told the proposal's id once it was taken; the
   * verdict never rejects.
   */
  hold(
    request: HoldRequest,
    values: readonly FoundValue[],
    deadline: number,
    onHeld: (id: string) => void,
  ): Held {
    const place = placeOf(request);
    if (this.#closed) return ended({ kind: 'closed' });
    if (this.#questions.approved.covers(place, values)) return ended({ kind: 'approved' });
    const question = this.#question(request);
    if ('kind' in question) return ended(question);
    const { sweeper, askMs } = this.#options;
    const { promise: verdict, resolve } = Promise.withResolvers<Verdict>();
    const leave = (why: Verdict) => this.#questions.leave(question, waiting, why);
    let isOpen = false;
    const waiting: Waiting & Expirable = {
      index: -1,
      place,
      values,
      deadline: Math.min(deadline, performance.now() + askMs),
      opened: (id) => {
        isOpen = true;
        waiting.deadline = deadline;
        onHeld(id);
      },
      settle: (why) => {
        sweeper.delete(waiting);
        resolve(why);
      },
      expire: () => leave(isOpen ? { kind: 'timeout' } : { kind: 'failed', why: 'nobody took the question' }),
    };
    sweeper.add(waiting);
    this.#questions.join(question, waiting);
    return { verdict, leave: () => leave({ kind: 'left' }) };
  }

  /** Asks without waiting for the answer: resolves with null once the question was taken, else with why it was not. */
  async ask(
    request: HoldRequest,
    values: readonly FoundValue[],
    onAsked: (id: string) => void,
  ): Promise<Verdict | null> {
    const taken = Promise.withResolvers<null>();
    const held = this.hold(request, values, Number.POSITIVE_INFINITY, (id) => {
      onAsked(id);
      taken.resolve(null);
    });
    const first = await Promise.race([taken.promise, held.verdict]);
    held.leave();
    return first;
  }

  /**
   * Takes the answer to a proposal.
   *
   * @throws ProtocolRefusal when it is none, or none to a question that is open
   */
  async decide(raw: unknown): Promise<void> {
    const parsed = decisionSchema.safeParse(raw);
    if (!parsed.success) throw new ProtocolRefusal('this is not a decision');
    const { proposal: id, outcome, reason } = parsed.data;
    // a decision can overtake the answer that tells the id
    if (!this.#questions.has(id) && this.#asking.size > 0) await this.#allTaken();
    if (this.#closed) throw new ProtocolRefusal('the egress sidecar is shutting down');
    if (!this.#questions.has(id))
      throw new ProtocolRefusal('no question of the egress sidecar waits under that id');
    if (outcome === 'approved') this.#questions.approve(id);
    else this.#questions.reject(id, { kind: outcome, reason: visibleLine(reason, 500) });
  }

  /** Ends all waiting at once. */
  close(): void {
    this.#closed = true;
    this.#questions.close();
  }

  async #allTaken(): Promise<void> {
    const { askMs, sweeper } = this.#options;
    await within(Promise.all(this.#asking), askMs, sweeper).catch(() => undefined);
  }

  #question(request: HoldRequest): Question | Verdict {
    const { propose } = this.#options;
    if (propose === null) return { kind: 'failed', why: 'nobody can be asked here' };
    const key = JSON.stringify(request);
    const known = this.#questions.find(key);
    if (known !== null) return known;
    try {
      this.#flood.take(this.#questions.open);
    } catch (error) {
      return { kind: 'failed', why: error instanceof Error ? `too_many_proposals: ${error.message}` : '' };
    }
    const question = this.#questions.add(key, placeOf(request), request.findings);
    const asking = this.#ask(question, propose, request).finally(() => this.#asking.delete(asking));
    this.#asking.add(asking);
    return question;
  }

  /** However long it takes: a question that is taken late can be answered all the same. */
  async #ask(question: Question, propose: Propose, request: HoldRequest): Promise<void> {
    try {
      const { id } = queuedSchema.parse(await propose(request));
      this.#questions.opened(question, id);
    } catch (error) {
      const why = ProtocolRefusal.isInstance(error) ? error.message : 'nobody took the question';
      this.#questions.failed(question, { kind: 'failed', why });
    }
  }
}

function ended(verdict: Verdict): Held {
  return { verdict: Promise.resolve(verdict), leave: () => undefined };
}
