import { encodeClose, encodeFrame, MessageReader } from '@bot-bottle/egress';
import type { EchoRedactor, FrameRefusal, MessageEvent } from '@bot-bottle/egress';
import { OWN_REASON } from './close-for.ts';
import type { MessageTap } from './message-tap.ts';

type DataEvent = Extract<MessageEvent, { kind: 'data' }>;

/** What the next bytes of a server come to. */
export interface ServerStep {
  /** frames for the agent, in order */
  readonly frames: Buffer;
  /** pings that are to be answered here */
  readonly pings: readonly Buffer[];
  /** the server broke RFC 6455 */
  readonly refused: FrameRefusal | null;
}

/**
 * What a server sends through a WebSocket: messages pass as they come, with each echo of the credential overwritten in
 * them, however they are cut into frames. Only a piece that the credential could begin with waits for the next one.
 */
export class ServerMessages {
  /** the server has sent its close frame */
  isClosed = false;
  readonly #reader = new MessageReader('server');
  readonly #echoes: EchoRedactor | null;
  readonly #tap: MessageTap | null;
  #hasBegun = false;

  /**
   * @param echoes overwrites the credential; null: none was sent
   * @param tap is shown the texts; null: nothing is looked for
   */
  constructor(echoes: EchoRedactor | null, tap: MessageTap | null) {
    this.#echoes = echoes;
    this.#tap = tap;
  }

  /** Takes the chunk for itself. @param answersPings pings are not for the agent now */
  take(chunk: Buffer, answersPings: boolean): ServerStep {
    const { events, refused } = this.#reader.push(chunk);
    const frames: Buffer[] = [];
    const pings: Buffer[] = [];
    for (const event of events) {
      if (event.kind === 'ping' && answersPings) pings.push(event.data);
      else if (event.kind === 'data') this.#data(event, frames);
      else frames.push(this.#control(event));
    }
    return { frames: Buffer.concat(frames), pings, refused };
  }

  #data({ data, type, isLast }: DataEvent, frames: Buffer[]): void {
    const passed = this.#echoes === null ? data : this.#echoes.push(data);
    const rest = isLast && this.#echoes !== null ? this.#echoes.end() : null;
    const payload = rest === null || rest.length === 0 ? passed : Buffer.concat([passed, rest]);
    if (type === 'text') this.#tap?.data(payload, isLast);
    if (payload.length === 0 && !isLast) return;
    frames.push(encodeFrame({ opcode: this.#hasBegun ? 'continuation' : type, fin: isLast, payload }, null));
    this.#hasBegun = !isLast;
  }

  #control(event: Exclude<MessageEvent, DataEvent>): Buffer {
    if (event.kind !== 'close') {
      return encodeFrame({ opcode: event.kind, fin: true, payload: this.#withoutEcho(event.data) }, null);
    }
    this.isClosed = true;
    // by these words an agent knows that the close is ours
    const isForged = event.reason.startsWith(OWN_REASON);
    const reason = isForged ? '' : this.#withoutEcho(Buffer.from(event.reason)).toString('utf8');
    return encodeFrame(
      { opcode: 'close', fin: true, payload: encodeClose({ code: event.code, reason }) },
      null,
    );
  }

  #withoutEcho(bytes: Buffer): Buffer {
    if (this.#echoes === null) return bytes;
    return Buffer.from(this.#echoes.redactText(bytes.toString('latin1')), 'latin1');
  }
}
