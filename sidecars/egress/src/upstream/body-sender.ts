import type { Duplex, Readable } from 'node:stream';
import { GatheredWrites } from '../gathered-writes.ts';

/** What happens while a streamed body is sent. */
export interface SenderEvents {
  /** bytes were handed to the socket, or wait in it until the server reads: its time starts anew */
  moved(): void;
  /** the server took everything; what comes next is up to the agent */
  starved(): void;
  /** the source ended before its announced end, or gave more: nothing sent makes sense any more */
  broken(): void;
}

/** Sends a streamed body in its framing, the head with its first bytes, as fast as the server takes them. */
export class BodySender {
  readonly #socket: Duplex;
  readonly #source: Readable;
  readonly #events: SenderEvents;
  readonly #gathered: GatheredWrites;
  #head: string;
  /** null: in chunks */
  #left: number | null;
  #over = false;
  #finished = false;

  constructor(socket: Duplex, head: string, source: Readable, length: number | null, events: SenderEvents) {
    this.#socket = socket;
    this.#source = source;
    this.#events = events;
    this.#gathered = new GatheredWrites(socket);
    this.#head = head;
    this.#left = length;
    socket.on('drain', this.#drained);
    source.on('data', this.#data).on('end', this.#ended).on('close', this.#closed).on('error', this.#closed);
  }

  /** whether any byte went to the socket */
  get started(): boolean {
    return this.#head === '';
  }

  /** whether the whole body went to the socket */
  get finished(): boolean {
    return this.#finished;
  }

  /** Lets go of both sides. */
  stop(): void {
    this.#over = true;
    this.#gathered.release();
    this.#socket.off('drain', this.#drained);
    this.#source.off('data', this.#data).off('end', this.#ended).off('close', this.#closed);
  }

  readonly #data = (chunk: Buffer) => {
    if (this.#over || chunk.length === 0) return;
    if (this.#left !== null) {
      if (chunk.length > this.#left) return this.#break();
      this.#left -= chunk.length;
    }
    const prefix = this.#left === null ? `${chunk.length.toString(16)}\r\n` : '';
    this.#gathered.before(chunk.length);
    this.#socket.cork();
    const text = this.#takeHead() + prefix;
    if (text !== '') this.#socket.write(text, 'latin1');
    const more = this.#socket.write(chunk);
    if (prefix !== '') this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    this.#gathered.after();
    this.#events.moved();
    if (!more) this.#source.pause();
    else this.#events.starved();
  };

  readonly #drained = () => {
    if (this.#over) return;
    this.#events.starved();
    this.#source.resume();
  };

  readonly #ended = () => {
    if (this.#over) return;
    if (this.#left !== null && this.#left > 0) return this.#break();
    const text = this.#takeHead() + (this.#left === null ? '0\r\n\r\n' : '');
    if (text !== '') this.#socket.write(text, 'latin1');
    this.#finished = true;
    this.stop();
    this.#events.moved();
  };

  readonly #closed = () => {
    if (!this.#over) this.#break();
  };

  #takeHead(): string {
    const head = this.#head;
    this.#head = '';
    return head;
  }

  #break(): void {
    this.stop();
    this.#events.broken();
  }
}
