import { encodeMessage } from './encode-message.ts';
import { ProtocolError } from './error.ts';

/** Open events beyond this are refused: the launcher does not keep up. */
const MAX_OPEN = 65_536;

/** Takes the place of an event that was settled, so that the list holds nothing of it. */
const SETTLED: OpenEvent = { seq: 0, resolve: () => undefined, reject: () => undefined };

interface OpenEvent {
  readonly seq: number;
  readonly resolve: () => void;
  readonly reject: (reason: ProtocolError) => void;
}

/** Numbers events, writes those of one turn of the event loop together and keeps them until they are acknowledged. */
export class AuditSender {
  readonly #write: (lines: string) => void;
  #open: OpenEvent[] = [];
  /** index of the oldest open event in #open; the front is dropped in bulk */
  #first = 0;
  #lines: string[] = [];
  #seq = 0;
  #closed: ProtocolError | null = null;

  constructor(write: (lines: string) => void) {
    this.#write = write;
  }

  send(event: unknown): Promise<void> {
    // what is thrown in there rejects the promise
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) throw this.#closed;
      if (this.#open.length - this.#first >= MAX_OPEN) {
        throw new ProtocolError('rate_exceeded', 'too many audit events wait for the launcher');
      }
      // Encoded before the number is taken: an event that cannot be sent must leave no gap.
      const line = encodeMessage({ type: 'audit', seq: this.#seq + 1, event });
      this.#seq += 1;
      this.#open.push({ seq: this.#seq, resolve, reject });
      this.#lines.push(line);
      if (this.#lines.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  /** Every event up to `seq` is written. */
  acknowledge(seq: number): void {
    this.#settle(seq, (open) => open.resolve());
  }

  /** The events up to `seq` that are still open were not written. */
  reject(seq: number): void {
    const reason = new ProtocolError('audit_failed', 'the launcher could not write the audit event');
    this.#settle(seq, (open) => open.reject(reason));
  }

  close(reason: ProtocolError): void {
    this.#closed = reason;
    this.#lines = [];
    this.#settle(this.#seq, (open) => open.reject(reason));
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const lines = this.#lines.join('');
    this.#lines = [];
    this.#write(lines);
  }

  #settle(seq: number, settle: (open: OpenEvent) => void): void {
    if (seq > this.#seq)
      throw new ProtocolError('out_of_sequence', 'an event that was never sent is acknowledged');
    let open = this.#open[this.#first];
    while (open !== undefined && open.seq <= seq) {
      this.#open[this.#first] = SETTLED;
      this.#first += 1;
      settle(open);
      open = this.#open[this.#first];
    }
    if (this.#first > 1024 || this.#first === this.#open.length) {
      this.#open = this.#open.slice(this.#first);
      this.#first = 0;
    }
  }
}
