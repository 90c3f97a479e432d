import type { Socket } from 'node:net';
import { createChunkedDecoder, findHeadEnd } from '@bot-bottle/egress';
import type { ChunkedDecoder, Framing } from '@bot-bottle/egress';
import type { Expirable, Sweeper } from '../limits/sweeper.ts';
import { unsentBytes } from './unsent-bytes.ts';

/** Takes the decoded body of one request. */
export interface BodySink {
  /** false: stop reading until `resumeBody`; what was read already is still delivered */
  data(chunk: Buffer): boolean;
  end(): void;
  fail(kind: BodyFailure): void;
}

/** The framing is malformed, the agent stopped sending for too long, or it was held back for too long by the sink. */
export type BodyFailure = 'malformed' | 'timeout' | 'held_back';

/** What happens on one agent-side HTTP stream. After `head` nothing is parsed until the request is finished. */
export interface AgentEvents {
  head(bytes: Buffer): void;
  /** no valid head can follow: too large, or too slow */
  badHead(kind: 'oversize' | 'timeout'): void;
  /** the agent is gone; called once */
  gone(): void;
  /** the agent does not read what is written to it */
  stuck(): void;
}

export interface ReaderLimits {
  readonly headBytes: number;
  /** from the first byte of a head to its last, and for a new connection's first byte, milliseconds */
  readonly headMs: number;
  readonly idleMs: number;
}

/** Bytes that may wait behind a request in progress before reading stops. */
const PENDING_BYTES = 16 * 1024;
/** How much, and for how long, is read on after a final answer, so that it is not lost to a reset. */
const LINGER_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 2_000;

const nothing = Buffer.alloc(0);

/**
 * Cuts the bytes of one agent-side stream into heads and bodies. A stream that was answered finally is never parsed
 * again, so no body can become a request.
 */
export class AgentReader implements Expirable {
  readonly socket: Socket;
  deadline: number;
  index = -1;
  readonly #events: AgentEvents;
  readonly #limits: ReaderLimits;
  readonly #sweeper: Sweeper;
  #state: 'head' | 'busy' | 'body' | 'last' | 'linger' | 'over' = 'head';
  #pending: Buffer = nothing;
  #searched = 0;
  #looping = false;
  #sink: BodySink | null = null;
  #remaining = 0;
  #chunked: ChunkedDecoder | null = null;
  /** the sink takes nothing at present, so that silence is not the agent's */
  #isHeldBack = false;
  #lingered = 0;
  /** what waited for the agent to read it at the last look */
  #unsent = 0;
  readonly #onData = (chunk: Buffer) => this.#data(chunk);
  readonly #onEnd = () => this.#gone();
  readonly #onError = () => this.#gone();

  constructor(socket: Socket, events: AgentEvents, limits: ReaderLimits, sweeper: Sweeper) {
    this.socket = socket;
    this.#events = events;
    this.#limits = limits;
    this.#sweeper = sweeper;
    this.deadline = performance.now() + limits.headMs;
    socket
      .on('error', this.#onError)
      .on('end', this.#onEnd)
      .on('close', this.#onEnd)
      .on('data', this.#onData);
    sweeper.add(this);
    socket.resume();
  }

  /** whether nothing can be written any more */
  get over(): boolean {
    return this.#state === 'over' || this.#isLast;
  }

  /** Whether the stream is between requests, so that a shutdown may close it. */
  get idle(): boolean {
    return this.#state === 'head' && this.#pending.length === 0;
  }

  /** Delivers the body that follows the head; the sink's `end` may be called before this returns. */
  readBody(framing: Framing, sink: BodySink): void {
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)) {
      sink.end();
      return;
    }
    this.#sink = sink;
    this.#remaining = framing.kind === 'length' ? framing.length : 0;
    this.#chunked = framing.kind === 'chunked' ? createChunkedDecoder() : null;
    this.#state = 'body';
    this.#isHeldBack = false;
    this.deadline = performance.now() + this.#limits.idleMs;
    const early = this.#pending;
    this.#pending = nothing;
    if (early.length > 0) this.#feed(early);
    if (this.#state === 'body' && !this.#isHeldBack) this.socket.resume();
  }

  /** The sink can take more. */
  resumeBody(): void {
    if (this.#state !== 'body') return;
    this.#isHeldBack = false;
    this.deadline = performance.now() + this.#limits.idleMs;
    this.socket.resume();
  }

  /** Bytes moved on our side while the agent is held back: its time starts anew. */
  holdBody(): void {
    if (this.#state === 'body') this.deadline = performance.now() + this.#limits.idleMs;
  }

  /** The request is answered and its body consumed: the next head may come. */
  next(): void {
    if (this.#state !== 'busy') return;
    this.#state = 'head';
    this.#searched = 0;
    this.deadline =
      performance.now() + (this.#pending.length > 0 ? this.#limits.headMs : this.#limits.idleMs);
    if (!this.#looping) this.#loop();
    if (this.#state === 'head') this.socket.resume();
  }

  /** Starts or ends the time limit for the agent to read what was written. */
  waitForDrain(waiting: boolean): void {
    if (this.#state !== 'busy') return;
    if (waiting) this.#waitForAgent();
    else this.deadline = Number.POSITIVE_INFINITY;
  }

  /** Writes a last answer and closes. */
  finish(answer: string | Buffer): void {
    if (this.over) return;
    this.#state = 'last';
    this.#pending = nothing;
    this.#sink = null;
    if (typeof answer === 'string') this.socket.end(answer, 'latin1', () => this.#linger());
    else this.socket.end(answer, () => this.#linger());
    // an agent that reads slowly gets all of it
    this.#waitForAgent();
    this.socket.resume();
  }

  /** Gives the socket away, with the bytes that were read too much put back into it. */
  detach(): Socket {
    this.#state = 'over';
    this.#sweeper.delete(this);
    this.socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd);
    this.socket.pause();
    if (this.#pending.length > 0) this.socket.unshift(this.#pending);
    this.#pending = nothing;
    return this.socket;
  }

  destroy(): void {
    this.#gone();
  }

  expire(): void {
    switch (this.#state) {
      case 'head':
        this.deadline = Number.POSITIVE_INFINITY;
        if (this.#pending.length > 0) this.#events.badHead('timeout');
        else this.#gone();
        break;
      case 'body':
        this.#sink?.fail(this.#isHeldBack ? 'held_back' : 'timeout');
        break;
      case 'busy':
        if (!this.#agentReads()) this.#events.stuck();
        break;
      case 'last':
        if (!this.#agentReads()) this.#gone();
        break;
      case 'linger':
      case 'over':
        this.#gone();
        break;
    }
  }

  get #isLast(): boolean {
    return this.#state === 'last' || this.#state === 'linger';
  }

  /** All was sent: what the agent still sends is read and dropped for a moment. */
  #linger(): void {
    if (this.#state !== 'last') return;
    this.#state = 'linger';
    this.deadline = performance.now() + LINGER_MS;
  }

  #waitForAgent(): void {
    this.#unsent = unsentBytes(this.socket);
    this.deadline = performance.now() + this.#limits.idleMs;
  }

  /** Whether the agent took some of what waits since the last look; its time starts anew then. */
  #agentReads(): boolean {
    const before = this.#unsent;
    this.#waitForAgent();
    return this.#unsent !== before;
  }

  #gone(): void {
    const told = this.over;
    this.#state = 'over';
    this.#sweeper.delete(this);
    this.#pending = nothing;
    this.socket.destroy();
    if (!told) this.#events.gone();
  }

  #data(chunk: Buffer): void {
    switch (this.#state) {
      case 'head':
        if (this.#pending.length === 0) {
          this.#pending = chunk;
          this.deadline = performance.now() + this.#limits.headMs;
        } else this.#pending = Buffer.concat([this.#pending, chunk]);
        this.#loop();
        break;
      case 'body':
        this.deadline = performance.now() + this.#limits.idleMs;
        this.#feed(chunk);
        break;
      case 'busy':
        this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
        if (this.#pending.length > PENDING_BYTES) this.socket.pause();
        break;
      case 'last':
      case 'linger':
        this.#lingered += chunk.length;
        if (this.#lingered > LINGER_BYTES) this.#gone();
        break;
      case 'over':
        break;
    }
  }

  /** A loop, not a recursion: thousands of tiny requests may wait in one buffer. */
  #loop(): void {
    this.#looping = true;
    while (this.#state === 'head' && this.#pending.length > 0) {
      const end = findHeadEnd(this.#pending, this.#searched);
      if (end < 0 || end > this.#limits.headBytes) {
        this.#searched = this.#pending.length;
        if (end > 0 || this.#pending.length > this.#limits.headBytes) this.#events.badHead('oversize');
        break;
      }
      const head = this.#pending.subarray(0, end);
      this.#pending = end === this.#pending.length ? nothing : this.#pending.subarray(end);
      this.#state = 'busy';
      this.deadline = Number.POSITIVE_INFINITY;
      this.#events.head(head);
    }
    this.#looping = false;
  }

  #feed(chunk: Buffer): void {
    if (this.#chunked !== null) this.#feedChunked(this.#chunked, chunk);
    else {
      const part = chunk.length <= this.#remaining ? chunk : chunk.subarray(0, this.#remaining);
      this.#remaining -= part.length;
      this.#deliver(part);
      if (this.#remaining === 0) this.#bodyEnded(chunk.subarray(part.length));
    }
  }

  #feedChunked(decoder: ChunkedDecoder, chunk: Buffer): void {
    const step = decoder.push(chunk);
    if (!step.ok) {
      this.#sink?.fail('malformed');
      return;
    }
    // one buffer for all: as many as there are tiny chunks would cost a hundred times their bytes
    const [only] = step.data;
    if (only !== undefined) this.#deliver(step.data.length === 1 ? only : Buffer.concat(step.data));
    if (step.done) this.#bodyEnded(chunk.subarray(step.consumed));
  }

  #deliver(part: Buffer): void {
    if (this.#sink?.data(part) !== false) return;
    this.#isHeldBack = true;
    this.socket.pause();
  }

  #bodyEnded(rest: Buffer): void {
    // the sink may have answered and closed while it took the last bytes
    if (this.#state !== 'body') return;
    const sink = this.#sink;
    this.#sink = null;
    this.#chunked = null;
    this.#pending = rest.length === 0 ? nothing : rest;
    this.#state = 'busy';
    this.deadline = Number.POSITIVE_INFINITY;
    this.socket.resume();
    sink?.end();
  }
}
