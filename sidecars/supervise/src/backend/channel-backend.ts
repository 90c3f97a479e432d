import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import type { SidecarChannel } from '@bot-bottle/sidecar-protocol';
import { proposalStatusSchema, queuedSchema } from '@bot-bottle/supervise';
import type { ProposalStatus, SuperviseQuery } from '@bot-bottle/supervise';
import type { AgentRequest, SuperviseBackend } from '../contracts.ts';
import { within } from '../limits/within.ts';
import { failureOf, ToolFailure } from '../tool-failure.ts';
import { ChannelBudget } from './channel-budget.ts';

export interface ChannelBackendOptions {
  readonly channel: Pick<SidecarChannel, 'propose' | 'query'>;
  /** milliseconds that a question may take, beyond the time it asks to wait */
  readonly queryMs: number;
  /** milliseconds of one question that waits; default 10 s. The launcher keeps one until then, whoever has left here. */
  readonly sliceMs?: number;
}

const noAnswer = (): never => {
  throw new ToolFailure('unavailable', 'no answer in time');
};

/** Asks the owner of the bottle over the control channel; keeps no state that a restart could lose. */
export class ChannelBackend implements SuperviseBackend {
  readonly #channel: ChannelBackendOptions['channel'];
  readonly #queryMs: number;
  readonly #sliceMs: number;
  /** a launcher ends a sidecar at 64 open or 120 a minute; a human takes 5 and 10 */
  readonly #proposals = new ChannelBudget({
    open: 16,
    perMinute: 30,
    refuse: () => new ToolFailure('too_many_proposals', 'Too many proposals in a minute.'),
  });
  /** a launcher ends a sidecar at 64 open or 1,200 a minute */
  readonly #queries = new ChannelBudget({
    open: 32,
    perMinute: 600,
    refuse: () => new ToolFailure('limit_exceeded', 'Too many questions at a time.'),
  });
  /** questions that wait, by proposal: whoever waits for the same shares one */
  readonly #waiting = new Map<string, Promise<ProposalStatus | null>>();

  constructor({ channel, queryMs, sliceMs = 10_000 }: ChannelBackendOptions) {
    this.#channel = channel;
    this.#queryMs = queryMs;
    this.#sliceMs = sliceMs;
  }

  async propose(request: AgentRequest): Promise<string> {
    const asked = this.#proposals.ask(() => this.#channel.propose(request));
    const queued = queuedSchema.safeParse(await this.#answer(asked, this.#queryMs));
    if (!queued.success) throw new ToolFailure('unavailable', 'the answer is not one to a proposal');
    return queued.data.id;
  }

  async status(id: string, waitMs: number, signal: AbortSignal): Promise<ProposalStatus | null> {
    const end = performance.now() + waitMs;
    let status = await this.#status(id, 0);
    // An owner that is closing answers at once that it is pending: that must not become a busy loop.
    const rounds = Math.ceil(waitMs / this.#sliceMs) + 1;
    for (let round = 0; round < rounds && !signal.aborted; round += 1) {
      const left = end - performance.now();
      if (status?.status !== 'pending' || left <= 0) break;
      const pending = status;
      status = await within(this.#slice(id), left, () => pending, [signal]);
    }
    return status;
  }

  async routes(): Promise<unknown> {
    return await this.#query({ query: 'routes' }, this.#queryMs);
  }

  #slice(id: string): Promise<ProposalStatus | null> {
    const running = this.#waiting.get(id);
    if (running !== undefined) return running;
    const slice = this.#status(id, this.#sliceMs).finally(() => this.#waiting.delete(id));
    this.#waiting.set(id, slice);
    return slice;
  }

  async #status(id: string, waitMs: number): Promise<ProposalStatus | null> {
    const query: SuperviseQuery = { query: 'proposal', id, wait_ms: waitMs };
    const parsed = proposalStatusSchema
      .nullable()
      .safeParse(await this.#query(query, waitMs + this.#queryMs));
    if (!parsed.success || (parsed.data !== null && parsed.data.id !== id))
      throw new ToolFailure('unavailable', 'the answer is not the status of that proposal');
    return parsed.data;
  }

  async #query(query: SuperviseQuery, limitMs: number): Promise<unknown> {
    return await this.#answer(
      this.#queries.ask(() => this.#channel.query(query)),
      limitMs,
    );
  }

  /** The question stays counted until its answer comes, even when that takes longer than anybody waits. */
  async #answer(asked: Promise<unknown>, limitMs: number): Promise<unknown> {
    try {
      return await within(asked, limitMs, noAnswer);
    } catch (error) {
      if (error instanceof ToolFailure) throw error;
      if (ProtocolRefusal.isInstance(error)) throw failureOf(error.message);
      throw new ToolFailure('unavailable', 'whoever owns this bottle cannot be asked');
    }
  }
}
