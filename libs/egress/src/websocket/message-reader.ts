import { parseClose } from './close-frame.ts';
import type { CloseFrame } from './close-frame.ts';
import {
  headerLength,
  isControl,
  MAX_CONTROL,
  MAX_HEADER,
  opcodes,
  parseFrameHeader,
  refusal,
} from './frame-header.ts';
import type { FrameHeader, FrameRefusal } from './frame-header.ts';
import { applyMask } from './mask.ts';
import { Utf8Check } from './utf8-check.ts';

/** A piece of a message, whatever frames it came in, or a control frame. */
export type MessageEvent =
  | {
      readonly kind: 'data';
      readonly type: 'text' | 'binary';
      readonly data: Buffer;
      readonly isFirst: boolean;
      readonly isLast: boolean;
    }
  | { readonly kind: 'ping' | 'pong'; readonly data: Buffer }
  | ({ readonly kind: 'close' } & CloseFrame);

export interface ReadStep {
  readonly events: readonly MessageEvent[];
  /** why the connection must be failed; events before it are good. null: all is well */
  readonly refused: FrameRefusal | null;
}

/**
 * Reads one side of a WebSocket strictly (RFC 6455 5 and 8.1). What belongs to one message is joined within the bytes
 * given, so that tiny fragments cost nothing beyond their bytes; nothing else is kept than an incomplete header or
 * control frame.
 */
export class MessageReader {
  readonly #isFromClient: boolean;
  readonly #utf8 = new Utf8Check();
  readonly #header = Buffer.alloc(MAX_HEADER);
  #headerBytes = 0;
  readonly #control = Buffer.alloc(MAX_CONTROL);
  readonly #mask = Buffer.alloc(4);
  /** the frame whose payload comes now */
  #frame: FrameHeader | null = null;
  /** bytes of its payload that were read */
  #read = 0;
  /** the message that is open */
  #type: 'text' | 'binary' | null = null;
  #isFirst = true;
  #isDone = false;

  constructor(from: 'client' | 'server') {
    this.#isFromClient = from === 'client';
  }

  /** a close frame was read, or the connection must be failed: whatever follows is dropped */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Takes the next bytes, which belong to the reader from then on: the events' data are parts of them. */
  push(input: Buffer): ReadStep {
    const events: MessageEvent[] = [];
    // the payload of the open message that was read from this input, moved together
    let start = 0;
    let end = 0;
    let at = 0;
    const fail = (refused: FrameRefusal): ReadStep => {
      this.#isDone = true;
      return { events, refused };
    };
    const flush = (isLast: boolean): boolean => {
      const data = input.subarray(start, end);
      start = end;
      if (this.#type === null || (data.length === 0 && !isLast)) return true;
      events.push({ kind: 'data', type: this.#type, data, isFirst: this.#isFirst, isLast });
      this.#isFirst = isLast;
      if (this.#type !== 'text') return true;
      return this.#utf8.push(data) && (!isLast || this.#utf8.end());
    };
    if (this.#isDone) return { events, refused: null };
    for (;;) {
      if (this.#frame === null) {
        at = this.#takeHeader(input, at);
        const opened = this.#openFrame();
        if (opened === 'more') break;
        if (opened !== null) return fail(flush(false) ? opened : notText(events));
      }
      const frame: FrameHeader | null = this.#frame;
      if (frame === null) break;
      const length = Math.min(frame.length - this.#read, input.length - at);
      if (isControl(frame.opcode)) this.#takeControl(input, at, length);
      else {
        if (start === end) start = end = at;
        this.#takeData(input, { from: at, to: end, length });
        end += length;
      }
      at += length;
      this.#read += length;
      if (this.#read < frame.length) break;
      this.#frame = null;
      if (isControl(frame.opcode)) {
        if (!flush(false)) return fail(notText(events));
        const event = this.#controlEvent(frame);
        if ('refused' in event) return fail(event.refused);
        events.push(event);
        // what was open then is no message any more
        if (event.kind === 'close') {
          this.#isDone = true;
          return { events, refused: null };
        }
      } else if (frame.fin) {
        if (!flush(true)) return fail(notText(events));
        this.#type = null;
      }
    }
    return flush(false) ? { events, refused: null } : fail(notText(events));
  }

  #takeHeader(input: Buffer, from: number): number {
    let at = from;
    while (at < input.length && this.#headerBytes < this.#headerNeeded()) {
      this.#header[this.#headerBytes] = input[at] ?? 0;
      this.#headerBytes += 1;
      at += 1;
    }
    return at;
  }

  #headerNeeded(): number {
    return this.#headerBytes < 2 ? 2 : headerLength(this.#header[1] ?? 0);
  }

  /** null: the payload may come */
  #openFrame(): FrameRefusal | 'more' | null {
    if (this.#headerBytes < this.#headerNeeded()) return 'more';
    const header = this.#header.subarray(0, this.#headerBytes);
    this.#headerBytes = 0;
    const parsed = parseFrameHeader(header, this.#isFromClient);
    if ('reason' in parsed) return parsed;
    if (this.#isFromClient) header.copy(this.#mask, 0, header.length - 4);
    if (!isControl(parsed.opcode)) {
      const isContinuation = parsed.opcode === opcodes.continuation;
      if (isContinuation && this.#type === null) return refusal('a continuation of nothing');
      if (!isContinuation && this.#type !== null) return refusal('a message begins inside another one');
      if (!isContinuation) this.#type = parsed.opcode === opcodes.text ? 'text' : 'binary';
    }
    this.#frame = parsed;
    this.#read = 0;
    return null;
  }

  #takeData(input: Buffer, move: { from: number; to: number; length: number }): void {
    if (this.#isFromClient) applyMask(input, move, this.#mask, this.#read);
    else if (move.to !== move.from) input.copyWithin(move.to, move.from, move.from + move.length);
  }

  /** Copied, because payload that follows may be moved to where it was. */
  #takeControl(input: Buffer, at: number, length: number): void {
    input.copy(this.#control, this.#read, at, at + length);
    if (!this.#isFromClient) return;
    applyMask(this.#control, { from: this.#read, to: this.#read, length }, this.#mask, this.#read);
  }

  #controlEvent({ opcode, length }: FrameHeader): MessageEvent | { refused: FrameRefusal } {
    const data = Buffer.from(this.#control.subarray(0, length));
    if (opcode !== opcodes.close) return { kind: opcode === opcodes.ping ? 'ping' : 'pong', data };
    const close = parseClose(data);
    return 'refused' in close ? close : { kind: 'close', ...close };
  }
}

/** Takes back the piece in which the text stopped being one. */
function notText(events: MessageEvent[]): FrameRefusal {
  events.pop();
  return { code: 1007, reason: 'a text message is not UTF-8' };
}
