import type { AuditEvent } from '@bot-bottle/audit';
import type { Finding } from '@bot-bottle/dlp';
import type { AllowDecision, RequestHead } from '@bot-bottle/egress';
import { Denied } from '../request/denied.ts';
import { heldEvent } from '../request/exchange-events.ts';
import { blockMessage } from '../request/scan-head.ts';
import type { ServerContext } from '../server-context.ts';
import { distinct, holdRequest, whyNotAskable } from './hold-request.ts';
import type { HoldRequest } from './hold-request.ts';
import type { Held } from './holds.ts';
import { askedDenial, verdictDenial } from './verdict-denial.ts';

/** What is asked about. */
export interface Matched {
  readonly decision: AllowDecision;
  /** as it is recorded */
  readonly target: string;
  readonly findings: readonly Finding[];
}

export interface HoldStageEvents {
  /** Resolves when the event is safely recorded; rejects with `Denied`. */
  record(event: AuditEvent): Promise<void>;
  /** the request may not go on, although it is not answered yet */
  failed(denied: unknown): void;
}

/** What a human is asked about one request. It is made when something was found, which is rare. */
export class HoldStage {
  /** id of the proposal, null: none was taken */
  proposal: string | null = null;
  readonly #server: ServerContext;
  readonly #head: RequestHead;
  readonly #events: HoldStageEvents;
  #held: Held | null = null;

  constructor(server: ServerContext, head: RequestHead, events: HoldStageEvents) {
    this.#server = server;
    this.#head = head;
    this.#events = events;
  }

  /** Resolves when a human let pass what he was shown, or the request left; throws `Denied`. */
  async wait(matched: Matched, deadline: number): Promise<void> {
    const { findings } = matched;
    let recorded = Promise.resolve();
    const held = this.#server.holds.hold(this.#request(matched), distinct(findings), deadline, (id) => {
      this.proposal = id;
      const event = heldEvent(this.#head, matched, id);
      recorded = this.#events.record(event);
      recorded.catch((error: unknown) => this.#events.failed(error));
      this.#server.log(1, { event: 'held', target: matched.target, rule: event.rule, proposal: id });
    });
    this.#held = held;
    const verdict = await held.verdict;
    this.#held = null;
    if (verdict.kind === 'left') return;
    if (verdict.kind !== 'approved') throw verdictDenial(verdict, findings);
    await recorded;
  }

  /** Asks about a request that cannot be held, and gives its denial. */
  async ask(matched: Matched): Promise<Denied> {
    const { findings } = matched;
    try {
      const request = this.#request(matched);
      const verdict = await this.#server.holds.ask(request, distinct(findings), (id) => {
        this.proposal = id;
      });
      if (verdict !== null && verdict.kind !== 'approved') return verdictDenial(verdict, findings);
      return askedDenial(findings, verdict !== null);
    } catch (error) {
      return error instanceof Denied ? error : new Denied('dlp_blocked', { findings });
    }
  }

  /** The request is over. */
  leave(): void {
    this.#held?.leave();
  }

  #request({ decision, target, findings }: Matched): HoldRequest {
    const why = whyNotAskable(findings);
    if (why === null) return holdRequest(this.#head.method, target, decision, findings);
    const [first] = findings;
    throw new Denied('dlp_blocked', { rule: first?.rule ?? null, text: blockMessage(first, why), findings });
  }
}
