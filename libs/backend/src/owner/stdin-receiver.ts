import type { Writable } from 'node:stream';
import { STDIN_WINDOW_BYTES } from './control-messages.ts';
import { OwnerError } from './errors.ts';
import type { FrameChannel } from './frame-channel.ts';

/** The owner's end of a client's stdin: passes on, and grants as much again as the program took. */
export class StdinReceiver {
  readonly #stdin: Writable;
  readonly #channel: FrameChannel;
  #open = 0;

  constructor(stdin: Writable, channel: FrameChannel) {
    this.#stdin = stdin;
    this.#channel = channel;
    stdin.on('error', () => undefined);
  }

  /** @throws OwnerError `protocol` when the client sends more than was granted */
  push(bytes: Buffer): void {
    this.#open += bytes.length;
    if (this.#open > STDIN_WINDOW_BYTES)
      throw new OwnerError('protocol', 'a client sent more stdin than it may');
    if (bytes.length === 0) return;
    const taken = (): void => {
      this.#open -= bytes.length;
      this.#channel.send({ type: 'stdin-taken', bytes: bytes.length });
    };
    // Input for a program that reads no more is dropped, as a closed pipe would.
    if (this.#stdin.destroyed || this.#stdin.writableEnded) taken();
    else this.#stdin.write(bytes, taken);
  }

  end(): void {
    if (!this.#stdin.destroyed && !this.#stdin.writableEnded) this.#stdin.end();
  }
}
