import type { BodyStream, StreamStep } from '@bot-bottle/dlp';
import type { HeldBudget } from '../limits/held-budget.ts';
import { Denied } from '../request/denied.ts';
import type { MessagePolicy } from './message-policy.ts';

/** A message that is too long to be held: its bytes leave when the scanner has released them. */
export class LongMessage {
  readonly #policy: MessagePolicy;
  readonly #budget: HeldBudget;
  readonly #scan: BodyStream;
  #held = 0;
  #isOver = false;

  constructor(policy: MessagePolicy, budget: HeldBudget, scan: BodyStream) {
    this.#policy = policy;
    this.#budget = budget;
    this.#scan = scan;
  }

  /** Resolves with the bytes that may leave now; throws `Denied`. The piece must not change afterwards. */
  async push(piece: Buffer): Promise<Buffer> {
    return this.#released(await scanned(this.#scan.push(piece)), piece);
  }

  async end(): Promise<Buffer> {
    const rest = await this.#released(await scanned(this.#scan.end()), null);
    this.destroy();
    return rest;
  }

  destroy(): void {
    this.#isOver = true;
    this.#scan.destroy();
    this.#budget.give(this.#held);
    this.#held = 0;
  }

  async #released({ findings, release }: StreamStep, piece: Buffer | null): Promise<Buffer> {
    await this.#policy.found(findings);
    // a scanner releases nothing after a finding, so where findings are only told of nothing waits for it
    const bytes = this.#policy.isWarnOnly ? (piece ?? Buffer.alloc(0)) : Buffer.concat(release);
    if (!this.#policy.isWarnOnly) this.#account();
    this.#policy.left(bytes);
    return bytes;
  }

  /** Held-back bytes count against the shared budget; they are bounded by the scanner's window. */
  #account(): void {
    if (this.#isOver) return;
    const more = this.#scan.heldBytes - this.#held;
    if (more > 0 && !this.#budget.tryTake(more))
      throw new Denied('limit_exceeded', { text: 'too many bytes are held' });
    if (more < 0) this.#budget.give(-more);
    this.#held += more;
  }
}

async function scanned(step: Promise<StreamStep>): Promise<StreamStep> {
  try {
    return await step;
  } catch {
    // a scanner that fails is a scanner that found nothing only by accident
    throw new Denied('scanner_unavailable');
  }
}
