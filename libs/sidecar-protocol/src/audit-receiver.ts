import { ProtocolError } from './error.ts';

export interface AuditReceiverOptions {
  /** Writes the events and resolves when they are written. */
  readonly onAudit: (events: unknown[]) => Promise<void>;
  readonly acknowledge: (seq: number) => void;
  readonly fail: (seq: number) => void;
  /** most events that wait; beyond it `drained` is pending */
  readonly maxWaiting: number;
}

/** Collects a sidecar's events while earlier ones are written and acknowledges each batch with one message. */
export class AuditReceiver {
  readonly #options: AuditReceiverOptions;
  #waiting: unknown[] = [];
  #seq = 0;
  #isWriting = false;
  #drained: PromiseWithResolvers<void> | null = null;
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(options: AuditReceiverOptions) {
    this.#options = options;
  }

  /** Throws `ProtocolError` (`out_of_sequence`) when an event is missing or repeated. */
  receive(seq: number, event: unknown): void {
    if (seq !== this.#seq + 1) {
      throw new ProtocolError('out_of_sequence', 'the sidecar skipped or repeated an audit event', {
        expected: this.#seq + 1,
      });
    }
    this.#seq = seq;
    this.#waiting.push(event);
    if (!this.#isWriting) {
      this.#isWriting = true;
      // After the other lines of this chunk, so that they share one write.
      queueMicrotask(() => void this.#write());
    }
  }

  /** Resolves when more events may be received. */
  async drained(): Promise<void> {
    if (this.#waiting.length < this.#options.maxWaiting) return;
    this.#drained ??= Promise.withResolvers<void>();
    await this.#drained.promise;
  }

  /** Resolves when nothing waits or is being written. */
  async idle(): Promise<void> {
    if (!this.#isWriting) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const events = this.#waiting;
      const last = this.#seq;
      this.#waiting = [];
      this.#drained?.resolve();
      this.#drained = null;
      try {
        await this.#options.onAudit(events);
        this.#options.acknowledge(last);
      } catch {
        this.#options.fail(last);
      }
    }
    this.#isWriting = false;
    this.#idle?.resolve();
    this.#idle = null;
  }
}
