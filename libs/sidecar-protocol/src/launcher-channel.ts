import type { Readable, Writable } from 'node:stream';
import { AuditReceiver } from './audit-receiver.ts';
import { ProtocolError, ProtocolRefusal } from './error.ts';
import { LauncherWriter } from './launcher-writer.ts';
import { MAX_LINE_BYTES, PROTOCOL_VERSION, fromSidecarSchema } from './messages.ts';
import type { FromSidecar, ToSidecar } from './messages.ts';
import { PendingRequests } from './pending-requests.ts';
import type { RequestOptions } from './pending-requests.ts';
import { RateLimit } from './rate-limit.ts';
import { readLines } from './read-lines.ts';
import type { ReadyReport } from './sidecar-channel.ts';

/** What a sidecar may ask of the launcher's memory and attention. */
export interface LauncherLimits {
  /** longest line from the sidecar, in bytes */
  readonly lineBytes?: number;
  /** most audit events that wait while others are written */
  readonly waitingEvents?: number;
  /** most proposals without an answer */
  readonly openProposals?: number;
  readonly proposalsPerMinute?: number;
  /** most queries without an answer */
  readonly openQueries?: number;
  readonly queriesPerMinute?: number;
}

export interface LauncherChannelOptions {
  /** the sidecar's stdin */
  readonly stdin: Writable;
  /** the sidecar's stdout */
  readonly stdout: Readable;
  /** Writes events, hostile and unvalidated; acknowledged when it resolves, reported as failed when it rejects. */
  readonly onAudit: (events: unknown[]) => Promise<void>;
  /** Answers a proposal, hostile and unvalidated. A `ProtocolRefusal` is told to the sidecar, another error is not. */
  readonly onProposal?: (proposal: unknown, signal: AbortSignal) => Promise<unknown>;
  /** Answers a query, hostile and unvalidated; errors as with `onProposal`. */
  readonly onQuery?: (query: unknown, signal: AbortSignal) => Promise<unknown>;
  readonly limits?: LauncherLimits;
}

const defaults: Required<LauncherLimits> = {
  lineBytes: MAX_LINE_BYTES,
  waitingEvents: 16_384,
  openProposals: 64,
  proposalsPerMinute: 120,
  openQueries: 64,
  queriesPerMinute: 1200,
};

/** How long a request waits for its answer unless told otherwise, in ms. */
const DEFAULT_TIMEOUT_MS = 10_000;

type Answer = Extract<FromSidecar, { type: 'ready' | 'done' }>;

/** One kind of question that a sidecar may ask. */
interface Asked {
  readonly what: 'proposal' | 'query';
  /** null: it is refused */
  readonly answer: ((content: unknown, signal: AbortSignal) => Promise<unknown>) | null;
  /** most without an answer */
  readonly most: number;
  readonly rate: RateLimit;
}

/**
 * The launcher's end of the control channel of one life of one sidecar. Whatever breaks the protocol fails the
 * channel for good: the sidecar's stdin is closed, so it exits, and everything that waits rejects.
 */
export class LauncherChannel {
  /** Resolves once: null when the sidecar closed its output or `close` was called, else what it did wrong. */
  readonly closed: Promise<ProtocolError | null>;

  readonly #options: LauncherChannelOptions;
  readonly #limits: Required<LauncherLimits>;
  readonly #writer: LauncherWriter;
  readonly #audit: AuditReceiver;
  readonly #requests = new PendingRequests<Answer>();
  readonly #end = Promise.withResolvers<ProtocolError | null>();
  readonly #abort = new AbortController();
  readonly #proposals: Asked;
  readonly #queries: Asked;
  /** what the sidecar asked and has no answer to */
  readonly #open = new Map<number, Asked>();
  #isClosed = false;

  constructor(options: LauncherChannelOptions) {
    this.#options = options;
    this.#limits = { ...defaults, ...options.limits };
    this.closed = this.#end.promise;
    // The sidecar may have died with events still on its stdout, so reading goes on.
    options.stdin.on('error', () => this.#requests.fail(new ProtocolError('closed', 'the sidecar is gone')));
    // Whoever reads hears of the error; this one is for after the reading stopped.
    options.stdout.on('error', () => undefined);
    this.#writer = new LauncherWriter(options.stdin);
    const { openProposals, proposalsPerMinute, openQueries, queriesPerMinute } = this.#limits;
    this.#proposals = {
      what: 'proposal',
      answer: options.onProposal ?? null,
      most: openProposals,
      rate: new RateLimit(proposalsPerMinute),
    };
    this.#queries = {
      what: 'query',
      answer: options.onQuery ?? null,
      most: openQueries,
      rate: new RateLimit(queriesPerMinute),
    };
    this.#audit = new AuditReceiver({
      onAudit: (events) => options.onAudit(events),
      acknowledge: (seq) => this.#writer.acknowledge(seq),
      fail: (seq) => this.#writer.fail(seq),
      maxWaiting: this.#limits.waitingEvents,
    });
    void this.#read();
  }

  /**
   * Sends the configuration and resolves when the sidecar listens. Rejects with `ProtocolRefusal` when it does not
   * accept it, `ProtocolError` (`timed_out` after `timeoutMs`, default 10 s, `closed`, `too_large`).
   */
  async configure(
    config: unknown,
    secrets: Readonly<Record<string, string>>,
    options: RequestOptions = {},
  ): Promise<ReadyReport> {
    const answer = await this.#ask(
      (id) => ({
        type: 'configure',
        v: PROTOCOL_VERSION,
        id,
        config: config ?? null,
        secrets: { ...secrets },
      }),
      options,
    );
    if (answer.type !== 'ready') throw this.#unexpected();
    return { listening: answer.listening, digest: answer.digest };
  }

  /** Replaces the policy table and resolves with the digest of the one in force. Rejects like `configure`. */
  async setTable(table: unknown, options: RequestOptions = {}): Promise<string | null> {
    return this.#done(await this.#ask((id) => ({ type: 'table', id, table: table ?? null }), options));
  }

  /** Replaces all secrets. Rejects like `configure`. */
  async setSecrets(
    secrets: Readonly<Record<string, string>>,
    options: RequestOptions = {},
  ): Promise<string | null> {
    return this.#done(await this.#ask((id) => ({ type: 'secrets', id, secrets: { ...secrets } }), options));
  }

  /**
   * Tells the sidecar how a proposal of its was decided and resolves when it has applied that. Rejects like
   * `configure`; a `ProtocolRefusal` says why it could not be applied.
   */
  async decide(decision: unknown, options: RequestOptions = {}): Promise<void> {
    this.#done(await this.#ask((id) => ({ type: 'decision', id, decision: decision ?? null }), options));
  }

  /** Closes the sidecar's stdin, so that it drains and exits. Its last events are still written and acknowledged. */
  close(): void {
    this.#requests.fail(new ProtocolError('closed', 'the control channel is closed'));
    this.#writer.end();
  }

  #ask(message: (id: number) => ToSidecar, options: RequestOptions): Promise<Answer> {
    return this.#requests.request((id) => this.#writer.send(message(id)), {
      timeoutMs: DEFAULT_TIMEOUT_MS,
      ...options,
    });
  }

  #done(answer: Answer): string | null {
    if (answer.type !== 'done') throw this.#unexpected();
    return answer.digest;
  }

  #unexpected(): ProtocolError {
    const error = new ProtocolError('invalid_message', 'the sidecar answered with the wrong kind of message');
    this.#close(error);
    return error;
  }

  async #read(): Promise<void> {
    try {
      for await (const lines of readLines(this.#options.stdout, this.#limits.lineBytes)) {
        for (const line of lines) {
          this.#receive(this.#parse(line));
          if (this.#isClosed) return;
        }
        await this.#audit.drained();
      }
      await this.#audit.idle();
      this.#close(null);
    } catch (error) {
      this.#close(ProtocolError.isInstance(error) ? error : null);
    }
  }

  #parse(line: string): FromSidecar {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new ProtocolError('invalid_message', 'the sidecar sent a line that is not JSON');
    }
    const parsed = fromSidecarSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new ProtocolError(
      'invalid_message',
      'the sidecar sent a message that does not follow the protocol',
    );
  }

  #receive(message: FromSidecar): void {
    switch (message.type) {
      case 'ready':
      case 'done':
        this.#expectKnown(this.#requests.resolve(message.id, message));
        return;
      case 'refused':
        this.#expectKnown(
          this.#requests.reject(message.id, new ProtocolRefusal(message.message, message.problems)),
        );
        return;
      case 'audit':
        this.#audit.receive(message.seq, message.event);
        return;
      case 'proposal':
        this.#take(this.#proposals, message.id, message.proposal);
        return;
      case 'query':
        this.#take(this.#queries, message.id, message.query);
        return;
    }
  }

  #expectKnown(outcome: 'answered' | 'late' | 'unknown'): void {
    if (outcome === 'unknown') {
      throw new ProtocolError('unknown_request', 'the sidecar answered what was never asked');
    }
  }

  #take(asked: Asked, id: number, content: unknown): void {
    if (this.#open.has(id)) throw new ProtocolError('invalid_message', `a ${asked.what} was sent twice`);
    const open = [...this.#open.values()].filter((each) => each === asked).length;
    if (open >= asked.most || !asked.rate.take()) {
      throw new ProtocolError('rate_exceeded', `too many messages of the kind ${asked.what} were sent`);
    }
    this.#open.set(id, asked);
    void this.#answer(asked, id, content);
  }

  async #answer({ answer, what }: Asked, id: number, content: unknown): Promise<void> {
    let message: ToSidecar;
    try {
      if (answer === null) throw new ProtocolRefusal(`no ${what} is taken`);
      message = { type: 'answer', id, answer: (await answer(content, this.#abort.signal)) ?? null };
    } catch (error) {
      const text = ProtocolRefusal.isInstance(error) ? error.message : `the ${what} could not be taken`;
      message = { type: 'answer', id, answer: null, error: text };
    }
    this.#open.delete(id);
    if (this.#isClosed) return;
    try {
      this.#writer.send(message);
    } catch {
      this.#writer.send({ type: 'answer', id, answer: null, error: 'the answer could not be sent' });
    }
  }

  #close(error: ProtocolError | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#requests.fail(error ?? new ProtocolError('closed', 'the sidecar is gone'));
    this.#abort.abort();
    this.#writer.end();
    // A sidecar that broke the protocol is not read any further, so it blocks on a full pipe rather than fill memory.
    if (error !== null) this.#options.stdout.destroy();
    this.#end.resolve(error);
  }
}
