import type { Duplex } from 'node:stream';
import { createChunkedDecoder, findHeadEnd, parseResponseHead } from '@bot-bottle/egress';
import type { ChunkedDecoder, ResponseHead } from '@bot-bottle/egress';
import type { Expirable, Sweeper } from '../limits/sweeper.ts';
import { BodySender } from './body-sender.ts';
import { UpstreamError } from './upstream-error.ts';
import type { AnswerHandler, UpstreamRequest } from './upstream-exchange.ts';

export interface ConnectionLimits {
  readonly headBytes: number;
  /** for a head to come, and between bytes of a body, milliseconds */
  readonly idleMs: number;
}

/** What a connection tells the pool that it belongs to. */
export interface ConnectionEvents {
  /** it can take another request; the pool sets how long it may wait for one */
  free(connection: UpstreamConnection, idleSeconds: number | null): void;
  gone(connection: UpstreamConnection): void;
}

const MAX_INFORMATIONAL = 8;
/** A small body travels in one write with its head: one record, one system call. */
const JOINED_BYTES = 32 * 1024;
/** What every answer begins with; what ends within it may be an upstream that died. */
const STATUS_START = 'HTTP/1.';
const nothing = Buffer.alloc(0);

/**
 * One connection to an upstream, with one request on it at a time. Answers are framed as strictly as requests are:
 * whatever two readers could frame differently fails, and a byte that no request asked for ends the connection, so
 * that no answer is ever taken for that to another request.
 */
export class UpstreamConnection implements Expirable {
  deadline = Number.POSITIVE_INFINITY;
  index = -1;
  readonly #socket: Duplex;
  readonly #limits: ConnectionLimits;
  readonly #sweeper: Sweeper;
  readonly #events: ConnectionEvents;
  #state: 'idle' | 'head' | 'body' | 'over' = 'idle';
  // of the request under way; its body is not kept, however long the answer takes
  #method = '';
  #isLast = false;
  #canSwitch = false;
  #handler: AnswerHandler | null = null;
  #unanswered: (() => void) | null = null;
  #sender: BodySender | null = null;
  #pending: Buffer = nothing;
  #searched = 0;
  #informational = 0;
  #answer: ResponseHead | null = null;
  /** bytes of the body that are still to come, Infinity when they end with the connection */
  #remaining = 0;
  #chunked: ChunkedDecoder | null = null;
  #paused = false;
  readonly #onData = (chunk: Buffer) => this.#data(chunk);
  readonly #onEnd = () => this.#ended();
  readonly #onGone = () => this.#lost('upstream_unreachable');

  constructor(socket: Duplex, limits: ConnectionLimits, sweeper: Sweeper, events: ConnectionEvents) {
    this.#socket = socket;
    this.#limits = limits;
    this.#sweeper = sweeper;
    this.#events = events;
    socket
      .on('error', this.#onGone)
      .on('end', this.#onEnd)
      .on('close', this.#onGone)
      .on('data', this.#onData);
    sweeper.add(this);
    socket.resume();
  }

  /** whether a request can be sent on it now */
  get usable(): boolean {
    return this.#state === 'idle' && !this.#socket.destroyed && this.#socket.writable;
  }

  /**
   * @param text the head of the request as `requestText` gives it
   * @param unanswered called in place of the handler when the server closes before any byte of an answer; null: the
   *   handler is told, as of any other failure
   */
  send(
    text: string,
    request: UpstreamRequest,
    handler: AnswerHandler,
    unanswered: (() => void) | null = null,
  ): void {
    const { body, method, closes, upgrade } = request;
    this.#state = 'head';
    this.#method = method;
    this.#isLast = closes || upgrade !== null;
    this.#canSwitch = upgrade !== null;
    this.#handler = handler;
    this.#unanswered = unanswered;
    this.#informational = 0;
    this.#touch();
    if (body === null) this.#socket.write(text, 'latin1');
    else if (Buffer.isBuffer(body)) this.#writeWhole(text, body);
    else this.#stream(text, request, body);
  }

  /** Ends it without a word to the handler of a request that is under way. */
  destroy(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#sweeper.delete(this);
    this.#letGo();
    this.#socket.destroy();
    this.#events.gone(this);
  }

  /** Ends it if the request of this handler is under way: later it belongs to others. */
  abort(handler: AnswerHandler): void {
    if (this.#handler === handler) this.destroy();
  }

  /** Reads on for this handler, which could not take more. */
  resume(handler: AnswerHandler): void {
    if (this.#handler !== handler || !this.#paused) return;
    this.#paused = false;
    this.#touch();
    this.#socket.resume();
  }

  /** Ends it and tells whoever waits for an answer. */
  cut(): void {
    this.#fail('upstream_unreachable');
  }

  expire(): void {
    if (this.#state === 'idle') this.destroy();
    else this.#fail('upstream_timeout');
  }

  #writeWhole(text: string, body: Buffer): void {
    const socket = this.#socket;
    if (body.length <= JOINED_BYTES) {
      const joined = Buffer.allocUnsafe(text.length + body.length);
      joined.write(text, 0, 'latin1');
      body.copy(joined, text.length);
      socket.write(joined);
      return;
    }
    socket.cork();
    socket.write(text, 'latin1');
    socket.write(body);
    socket.uncork();
  }

  #stream(
    text: string,
    { length }: UpstreamRequest,
    body: Exclude<UpstreamRequest['body'], Buffer | null>,
  ): void {
    this.#sender = new BodySender(this.#socket, text, body, length, {
      moved: () => this.#touch(),
      // the agent's own time limit runs now
      starved: () => {
        if (this.#state === 'head') this.deadline = Number.POSITIVE_INFINITY;
      },
      broken: () => this.#fail('upstream_unreachable'),
    });
    this.deadline = Number.POSITIVE_INFINITY;
  }

  #touch(): void {
    this.deadline = this.#paused ? Number.POSITIVE_INFINITY : performance.now() + this.#limits.idleMs;
  }

  #data(chunk: Buffer): void {
    switch (this.#state) {
      case 'idle':
        this.destroy();
        break;
      case 'head':
        this.#unanswered = null;
        if (this.#sender?.started === false) this.#fail('upstream_invalid');
        else {
          this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
          this.#readHeads();
        }
        break;
      case 'body':
        this.#touch();
        this.#readBody(chunk);
        break;
      case 'over':
        break;
    }
  }

  #readHeads(): void {
    while (this.#state === 'head' && this.#pending.length > 0) {
      const end = findHeadEnd(this.#pending, this.#searched);
      if (end < 0 || end > this.#limits.headBytes) {
        this.#searched = this.#pending.length;
        if (end > 0 || this.#pending.length > this.#limits.headBytes) this.#fail('upstream_invalid');
        return;
      }
      const raw = this.#pending.subarray(0, end);
      const rest = this.#pending.subarray(end);
      this.#pending = nothing;
      this.#searched = 0;
      const parsed = parseResponseHead(raw, this.#method);
      if (!parsed.ok) this.#fail('upstream_invalid');
      else if (parsed.head.status >= 200) this.#begin(parsed.head, raw, rest);
      else if (parsed.head.status === 101) this.#switch(parsed.head, raw, rest);
      else {
        this.#informational += 1;
        if (this.#informational > MAX_INFORMATIONAL) this.#fail('upstream_invalid');
        this.#pending = rest;
      }
    }
  }

  #begin(head: ResponseHead, raw: Buffer, rest: Buffer): void {
    const { framing } = head;
    this.#answer = head;
    this.#state = 'body';
    this.#touch();
    this.#chunked = framing.kind === 'chunked' ? createChunkedDecoder() : null;
    this.#remaining =
      framing.kind === 'length' ? framing.length : framing.kind === 'close' ? Number.POSITIVE_INFINITY : 0;
    const handler = this.#handler;
    handler?.head(head, raw, () => this.resume(handler));
    // the handler may have refused it
    if (this.#state !== 'body') return;
    if (framing.kind === 'none' || (this.#remaining === 0 && this.#chunked === null))
      this.#complete(rest.length);
    else if (rest.length > 0) this.#readBody(rest);
  }

  #switch(head: ResponseHead, raw: Buffer, rest: Buffer): void {
    const handler = this.#handler;
    if (!this.#canSwitch || handler === null) {
      this.#fail('upstream_invalid');
      return;
    }
    this.#state = 'over';
    this.#sweeper.delete(this);
    this.#letGo();
    const socket = this.#socket;
    socket
      .off('error', this.#onGone)
      .off('end', this.#onEnd)
      .off('close', this.#onGone)
      .off('data', this.#onData);
    socket.on('error', () => undefined);
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    this.#events.gone(this);
    handler.upgraded(head, raw, socket);
  }

  #readBody(chunk: Buffer): void {
    if (this.#chunked !== null) {
      this.#readChunks(this.#chunked, chunk);
      return;
    }
    const part = chunk.length <= this.#remaining ? chunk : chunk.subarray(0, this.#remaining);
    this.#remaining -= part.length;
    this.#deliver(part);
    if (this.#remaining === 0 && this.#state === 'body') this.#complete(chunk.length - part.length);
  }

  #readChunks(decoder: ChunkedDecoder, chunk: Buffer): void {
    const step = decoder.push(chunk);
    if (!step.ok) {
      this.#fail('upstream_invalid');
      return;
    }
    const [only] = step.data;
    if (only !== undefined) this.#deliver(step.data.length === 1 ? only : Buffer.concat(step.data));
    if (step.done && this.#state === 'body') this.#complete(chunk.length - step.consumed);
  }

  #deliver(part: Buffer): void {
    if (this.#handler?.data(part) !== false || this.#state !== 'body') return;
    this.#paused = true;
    this.deadline = Number.POSITIVE_INFINITY;
    this.#socket.pause();
  }

  /** @param behind bytes that came after the end of the answer */
  #complete(behind: number): void {
    const handler = this.#handler;
    const idle = this.#answer?.idleSeconds ?? null;
    if (behind === 0 && this.#canServeAgain()) {
      this.#letGo();
      this.#state = 'idle';
      this.#socket.resume();
      if (this.#socket.writableLength === 0) this.#events.free(this, idle);
      else setImmediate(() => this.#freeWhenSent(idle));
    } else this.destroy();
    handler?.end();
  }

  /**
   * TLS tells that bytes are sent at the end of the turn only, by when a near server has answered. A request of which
   * some are left even then was answered before it was sent and would still be under way.
   */
  #freeWhenSent(idleSeconds: number | null): void {
    if (this.#state !== 'idle') return;
    if (this.#socket.writableLength === 0) this.#events.free(this, idleSeconds);
    else this.destroy();
  }

  #canServeAgain(): boolean {
    if (this.#isLast) return false;
    if (this.#sender?.finished === false) return false;
    return this.#answer?.keepAlive === true && !this.#socket.destroyed && this.#socket.writable;
  }

  #ended(): void {
    if (this.#state === 'body' && this.#answer?.framing.kind === 'close') this.#complete(0);
    else {
      const start = this.#pending.toString('latin1', 0, STATUS_START.length);
      const isGarbage = this.#state === 'body' || !STATUS_START.startsWith(start);
      this.#lost(isGarbage ? 'upstream_invalid' : 'upstream_unreachable');
    }
  }

  /** The server's doing, unlike a time limit or an end of ours. */
  #lost(code: UpstreamError['denial']): void {
    const unanswered = this.#unanswered;
    if (unanswered === null) {
      this.#fail(code);
      return;
    }
    this.destroy();
    unanswered();
  }

  #fail(code: UpstreamError['denial']): void {
    if (this.#state === 'over') return;
    const handler = this.#handler;
    this.destroy();
    handler?.failed(new UpstreamError(code));
  }

  #letGo(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    this.#sender?.stop();
    this.#sender = null;
    this.#handler = null;
    this.#unanswered = null;
    this.#answer = null;
    this.#chunked = null;
    this.#pending = nothing;
    this.#searched = 0;
    this.#paused = false;
  }
}
