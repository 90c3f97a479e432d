import { visibleLine } from '@bot-bottle/audit';
import type { Notification } from './notification.ts';
import { NotifyFailure } from './notify-failure.ts';

/** Notifications of one way that are under way at the same time. */
export const MAX_AT_ONCE = 4;

export interface NotifyLaneOptions {
  /** what the operator calls this way, e.g. `notify.command` */
  readonly name: string;
  /** Sends one; rejects with `NotifyFailure`, ends early when the signal aborts. */
  readonly send: (notification: Notification, signal: AbortSignal) => Promise<void>;
  readonly onWarning: (message: string) => void;
  /** milliseconds that one may take */
  readonly timeoutMs: number;
}

/** One way of notifying. Beyond those under way one waits: the newest, which counts those whose place it took. */
export class NotifyLane {
  readonly #options: NotifyLaneOptions;
  readonly #abort = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #waiting: Notification | null = null;

  constructor(options: NotifyLaneOptions) {
    this.#options = options;
  }

  /** Sends one when there is room; never throws. */
  push(notification: Notification): void {
    if (this.#abort.signal.aborted) return;
    if (this.#underWay.size < MAX_AT_ONCE) {
      this.#start(notification);
      return;
    }
    const skipped = this.#waiting === null ? 0 : this.#waiting.skipped + 1;
    this.#waiting = { ...notification, skipped };
  }

  /** Ends what is under way and sends nothing more. */
  async close(): Promise<void> {
    this.#waiting = null;
    this.#abort.abort();
    await Promise.all(this.#underWay);
  }

  #start(notification: Notification): void {
    const work = this.#send(notification).finally(() => {
      this.#underWay.delete(work);
      const next = this.#waiting;
      this.#waiting = null;
      if (next !== null) this.#start(next);
    });
    this.#underWay.add(work);
  }

  async #send(notification: Notification): Promise<void> {
    const { name, send, onWarning, timeoutMs } = this.#options;
    const limit = AbortSignal.timeout(timeoutMs);
    const why = await send(notification, AbortSignal.any([this.#abort.signal, limit])).then(
      () => (limit.aborted ? `${name} took longer than ${timeoutMs / 1000} s and was ended` : null),
      (error: unknown) => (error instanceof NotifyFailure ? error.message : `${name} failed`),
    );
    if (why !== null && !this.#abort.signal.aborted)
      onWarning(`the operator was not told of the proposal ${notification.id}: ${visibleLine(why, 300)}`);
  }
}
