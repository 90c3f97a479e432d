import type { Readable, Writable } from 'node:stream';
import { AuditSender } from './audit-sender.ts';
import { encodeMessage } from './encode-message.ts';
import { ProtocolError, ProtocolRefusal } from './error.ts';
import { MAX_LINE_BYTES, PROTOCOL_VERSION, requestId, toSidecarSchema } from './messages.ts';
import type { FromSidecar, ToSidecar } from './messages.ts';
import { PendingRequests } from './pending-requests.ts';
import type { RequestOptions } from './pending-requests.ts';
import { readLines } from './read-lines.ts';

export interface SidecarChannelOptions {
  /** the sidecar's stdin */
  readonly input: Readable;
  /** the sidecar's stdout; nothing else may write to it */
  readonly output: Writable;
}

export interface Configuration {
  /** the sidecar's own configuration, not yet validated */
  readonly config: unknown;
  readonly secrets: Readonly<Record<string, string>>;
}

export interface ReadyReport {
  readonly listening: readonly string[];
  readonly digest: string | null;
}

/** Takes a new table into force and returns its digest; throws `ProtocolRefusal` to keep the old one. */
export type TableHandler = (table: unknown) => string | null | Promise<string | null>;
/** Replaces all secrets; throws `ProtocolRefusal` to keep the old ones. */
export type SecretsHandler = (secrets: Readonly<Record<string, string>>) => void | Promise<void>;

/** Applies the decision on a proposal; throws `ProtocolRefusal` when it cannot be, and the proposal stays open. */
export type DecisionHandler = (decision: unknown) => void | Promise<void>;

/**
 * The sidecar's end of the control channel. It reads from construction on; `closed` resolves when the launcher is
 * gone or broke the protocol, and then the sidecar drains and exits.
 */
export class SidecarChannel {
  /** First message of the launcher. Rejects with `ProtocolError` when it does not come. */
  readonly configured: Promise<Configuration>;
  /** Resolves once, with null at the end of input, else with what went wrong. */
  readonly closed: Promise<ProtocolError | null>;

  readonly #output: Writable;
  readonly #configuration = Promise.withResolvers<Configuration>();
  readonly #end = Promise.withResolvers<ProtocolError | null>();
  readonly #audit: AuditSender;
  /** proposals and queries: their ids are from one sequence */
  readonly #asked = new PendingRequests<unknown>();
  #configureId: number | null = null;
  #onTable: TableHandler | null = null;
  #onSecrets: SecretsHandler | null = null;
  #onDecision: DecisionHandler | null = null;
  /** changes are applied one after the other, in the order of their messages */
  #changes: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: SidecarChannelOptions) {
    this.#output = options.output;
    this.configured = this.#configuration.promise;
    this.closed = this.#end.promise;
    this.configured.catch(() => undefined);
    this.#audit = new AuditSender((lines) => this.#output.write(lines));
    this.#output.on('error', () => this.#close(null));
    options.input.on('error', () => undefined);
    void this.#read(options.input);
  }

  /** Tells the launcher that the sidecar serves; answers `configured`. */
  ready(report: ReadyReport): void {
    this.#send({
      type: 'ready',
      v: PROTOCOL_VERSION,
      id: this.#configureId ?? 0,
      listening: [...report.listening],
      digest: report.digest,
    });
  }

  /** Tells the launcher that the configuration is not acceptable; answers `configured`. */
  refuse(refusal: ProtocolRefusal): void {
    this.#refuse(this.#configureId ?? 0, refusal);
  }

  onTable(handler: TableHandler): void {
    this.#onTable = handler;
  }

  onSecrets(handler: SecretsHandler): void {
    this.#onSecrets = handler;
  }

  onDecision(handler: DecisionHandler): void {
    this.#onDecision = handler;
  }

  /**
   * Reports one event and resolves when the launcher has written it. Rejects with `ProtocolError` (`audit_failed`,
   * `closed`, `rate_exceeded` beyond 65,536 open events, `too_large`): then the thing that the event tells of must
   * not happen.
   */
  audit(event: unknown): Promise<void> {
    return this.#audit.send(event);
  }

  /**
   * Sends a proposal and resolves with the answer, whenever it comes. Aborting only stops the waiting. Rejects with
   * `ProtocolRefusal` when the launcher refused it, `ProtocolError` (`closed`, `timed_out`).
   */
  propose(proposal: unknown, options: RequestOptions = {}): Promise<unknown> {
    return this.#asked.request((id) => this.#send({ type: 'proposal', id, proposal }), options);
  }

  /** Asks something that changes nothing. Rejects like `propose`; aborting only stops the waiting. */
  query(query: unknown, options: RequestOptions = {}): Promise<unknown> {
    return this.#asked.request((id) => this.#send({ type: 'query', id, query }), options);
  }

  async #read(input: Readable): Promise<void> {
    try {
      for await (const lines of readLines(input, MAX_LINE_BYTES)) {
        for (const line of lines) this.#receive(this.#parse(line));
      }
      this.#close(null);
    } catch (error) {
      // A broken pipe says the same as its end: the launcher is gone.
      this.#close(ProtocolError.isInstance(error) ? error : null);
    }
  }

  #parse(line: string): ToSidecar {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new ProtocolError('invalid_message', 'the launcher sent a line that is not JSON');
    }
    const parsed = toSidecarSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    this.#refuseOtherVersion(value);
    throw new ProtocolError(
      'invalid_message',
      'the launcher sent a message that does not follow the protocol',
    );
  }

  #refuseOtherVersion(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const [type, version, id] = ['type', 'v', 'id'].map((key) => Reflect.get(value, key) as unknown);
    if (type !== 'configure' || version === PROTOCOL_VERSION || typeof version !== 'number') return;
    const message = `this sidecar speaks version ${PROTOCOL_VERSION} of the control channel`;
    // the id of another version's message may be anything
    const known = requestId.safeParse(id);
    if (known.success) this.#refuse(known.data, new ProtocolRefusal(message));
    throw new ProtocolError('version_mismatch', message);
  }

  #receive(message: ToSidecar): void {
    switch (message.type) {
      case 'configure':
        if (this.#configureId !== null) throw new ProtocolError('invalid_message', 'configured twice');
        this.#configureId = message.id;
        this.#configuration.resolve({ config: message.config, secrets: message.secrets });
        return;
      case 'table':
        this.#change(message.id, async () => {
          if (this.#onTable === null) throw new ProtocolRefusal('this sidecar takes no tables now');
          return this.#onTable(message.table);
        });
        return;
      case 'secrets':
        this.#change(message.id, async () => {
          if (this.#onSecrets === null) throw new ProtocolRefusal('this sidecar takes no secrets now');
          await this.#onSecrets(message.secrets);
          return null;
        });
        return;
      case 'decision':
        // Beside the changes: applying one may take as long as a push to the upstream.
        void this.#apply(message.id, async () => {
          if (this.#onDecision === null) throw new ProtocolRefusal('this sidecar takes no decisions');
          await this.#onDecision(message.decision);
          return null;
        });
        return;
      case 'audit-ack':
        this.#audit.acknowledge(message.seq);
        return;
      case 'audit-failed':
        this.#audit.reject(message.seq);
        return;
      case 'answer':
        if (message.error === undefined) this.#asked.resolve(message.id, message.answer);
        else this.#asked.reject(message.id, new ProtocolRefusal(message.error));
        return;
    }
  }

  #change(id: number, apply: () => Promise<string | null>): void {
    this.#changes = this.#changes.then(() => this.#apply(id, apply));
  }

  async #apply(id: number, apply: () => Promise<string | null>): Promise<void> {
    try {
      this.#send({ type: 'done', id, digest: await apply() });
    } catch (error) {
      // Only a refusal was written to be read; any other error may hold what was sent.
      const refusal = ProtocolRefusal.isInstance(error) ? error : new ProtocolRefusal('internal error');
      this.#refuse(id, refusal);
    }
  }

  #refuse(id: number, refusal: ProtocolRefusal): void {
    this.#send({ type: 'refused', id, message: refusal.message, problems: [...refusal.problems] });
  }

  #send(message: FromSidecar): void {
    if (!this.#isClosed) this.#output.write(encodeMessage(message));
  }

  #close(error: ProtocolError | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const reason = error ?? new ProtocolError('closed', 'the launcher is gone');
    this.#configuration.reject(reason);
    this.#audit.close(reason);
    this.#asked.fail(reason);
    this.#end.resolve(error);
  }
}
