import { CallLimit } from '../limits/call-limit.ts';
import { Slots } from '../limits/slots.ts';
import type { ToolFailure } from '../tool-failure.ts';

export interface ChannelBudgetOptions {
  /** most without an answer */
  readonly open: number;
  readonly perMinute: number;
  /** what to say beyond that */
  readonly refuse: () => ToolFailure;
}

/**
 * Keeps what is asked over the control channel far below what makes the launcher end a sidecar. A question counts until
 * it is answered, also when nobody here waits for the answer any more.
 */
export class ChannelBudget {
  readonly #slots: Slots;
  readonly #limit: CallLimit;
  readonly #refuse: () => ToolFailure;

  constructor({ open, perMinute, refuse }: ChannelBudgetOptions) {
    this.#slots = new Slots(open);
    this.#limit = new CallLimit(perMinute);
    this.#refuse = refuse;
  }

  /** @throws ToolFailure when there is no room; then nothing was asked */
  async ask(question: () => Promise<unknown>): Promise<unknown> {
    const free = this.#slots.take();
    if (free === null) throw this.#refuse();
    try {
      if (!this.#limit.take()) throw this.#refuse();
      return await question();
    } finally {
      free();
    }
  }
}
