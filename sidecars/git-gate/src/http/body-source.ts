import type { IncomingMessage } from 'node:http';

/** Why there is no next chunk; `unread`: whoever it was for stopped reading. */
export type NoChunk = 'end' | 'idle' | 'gone' | 'unread';

/**
 * Chunks of a request's body, one at a time. Unlike the stream's own iterator it can be left in the middle of a wait:
 * the connection stays open for an answer, and `resume` drops what is still to come.
 */
export class BodySource {
  readonly #request: IncomingMessage;
  readonly #idleMs: number;
  #isStopped = false;
  #wake: ((why: NoChunk) => void) | null = null;

  /** @param idleMs how long the client may send nothing while it is waited for */
  constructor(request: IncomingMessage, idleMs: number) {
    this.#request = request;
    this.#idleMs = idleMs;
    request.on('error', () => undefined);
  }

  /** Nothing more is wanted; ends a wait. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.('unread');
  }

  async next(): Promise<Buffer | NoChunk> {
    for (;;) {
      if (this.#isStopped) return 'unread';
      const chunk = this.#request.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#request.readableEnded) return 'end';
      if (this.#request.destroyed) return 'gone';
      const why = await this.#more();
      if (why !== null) return why;
    }
  }

  /** Resolves with null when it is worth looking again. */
  #more(): Promise<NoChunk | null> {
    const request = this.#request;
    return new Promise((resolve) => {
      const look = (): void => settle(null);
      const settle = (why: NoChunk | null): void => {
        clearTimeout(timer);
        this.#wake = null;
        request.off('readable', look).off('end', look).off('close', look);
        resolve(why);
      };
      const timer = setTimeout(() => settle('idle'), this.#idleMs);
      this.#wake = settle;
      request.on('readable', look).on('end', look).on('close', look);
    });
  }
}
