import type { Writable } from 'node:stream';
import { encodeMessage } from './encode-message.ts';
import type { ToSidecar } from './messages.ts';

type Outcome = { readonly kind: 'ack' | 'failed'; readonly seq: number };

/**
 * Writes to a sidecar that may not read. Acknowledgements are cumulative, so while the pipe is full at most two
 * are kept, however many batches are written meanwhile.
 */
export class LauncherWriter {
  readonly #stdin: Writable;
  #held: Outcome[] = [];

  constructor(stdin: Writable) {
    this.#stdin = stdin;
    stdin.on('drain', () => this.#release());
  }

  send(message: ToSidecar): void {
    const line = encodeMessage(message);
    if (this.#stdin.writable) this.#stdin.write(line);
  }

  acknowledge(seq: number): void {
    this.#outcome({ kind: 'ack', seq });
  }

  fail(seq: number): void {
    this.#outcome({ kind: 'failed', seq });
  }

  end(): void {
    this.#release();
    if (this.#stdin.writable) this.#stdin.end();
  }

  #outcome(outcome: Outcome): void {
    if (!this.#stdin.writableNeedDrain) {
      this.#write(outcome);
      return;
    }
    const last = this.#held.at(-1);
    // Neighbours of one kind merge. Beyond two, all become failures: too careful, never an unwritten event as written.
    if (last?.kind === outcome.kind) this.#held[this.#held.length - 1] = outcome;
    else this.#held.push(outcome);
    if (this.#held.length > 2) {
      const [first] = this.#held;
      this.#held =
        first?.kind === 'ack'
          ? [first, { kind: 'failed', seq: outcome.seq }]
          : [{ kind: 'failed', seq: outcome.seq }];
    }
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const outcome of held) this.#write(outcome);
  }

  #write(outcome: Outcome): void {
    if (outcome.kind === 'ack') this.send({ type: 'audit-ack', seq: outcome.seq });
    else this.send({ type: 'audit-failed', seq: outcome.seq, message: 'the audit log cannot be written' });
  }
}
