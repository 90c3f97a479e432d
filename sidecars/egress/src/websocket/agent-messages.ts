import { setImmediate } from 'node:timers/promises';
import { encodeClose, MessageReader } from '@bot-bottle/egress';
import type { MessageEvent, OutgoingFrame } from '@bot-bottle/egress';
import { WHOLE_BODY_BYTES } from '../request/collect-body.ts';
import { Denied } from '../request/denied.ts';
import type { LazyAbort } from '../request/lazy-abort.ts';
import type { ServerContext } from '../server-context.ts';
import type { Violation } from './close-for.ts';
import { HeldMessage } from './held-message.ts';
import { LongMessage } from './long-message.ts';
import type { MessagePolicy } from './message-policy.ts';

type DataEvent = Extract<MessageEvent, { kind: 'data' }>;

/** How long one turn of scanning may take before other connections get theirs, milliseconds. */
const TURN_MS = 10;

const nothing = Buffer.alloc(0);

/**
 * What the agent sends through a WebSocket: a message is held until all of it was scanned, and sent on as one frame; one
 * that is too long for that leaves in pieces, each after it was scanned.
 */
export class AgentMessages {
  /** the agent has sent its close frame */
  isClosed = false;
  /** why the agent's bytes are not those of a WebSocket, null: they are */
  violation: Violation | null = null;
  readonly #reader = new MessageReader('client');
  readonly #server: ServerContext;
  readonly #policy: MessagePolicy;
  readonly #gone: LazyAbort;
  readonly #send: (frame: OutgoingFrame) => Promise<void>;
  readonly #held: HeldMessage;
  #long: LongMessage | null = null;
  /** bytes of the open message */
  #bytes = 0;
  /** a first frame of the open message has left */
  #hasBegun = false;
  #turnEnds = 0;

  constructor(
    server: ServerContext,
    policy: MessagePolicy,
    gone: LazyAbort,
    /** resolves when more can be sent */
    send: (frame: OutgoingFrame) => Promise<void>,
  ) {
    this.#server = server;
    this.#policy = policy;
    this.#gone = gone;
    this.#send = send;
    this.#held = new HeldMessage(server.held, gone);
  }

  /** Resolves when all that may leave has been sent; throws `Denied`. Takes the chunk for itself. */
  async take(chunk: Buffer): Promise<void> {
    this.#turnEnds = performance.now() + TURN_MS;
    const { events, refused } = this.#reader.push(chunk);
    for (const event of events) {
      if (this.#gone.aborted) return;
      await this.#event(event);
      await this.#giveTurn();
    }
    if (refused === null) return;
    this.violation = refused;
    throw new Denied('malformed_request', { text: refused.reason });
  }

  /** Only after `gone` was aborted. */
  destroy(): void {
    this.#held.destroy();
    this.#long?.destroy();
    this.#long = null;
  }

  async #event(event: MessageEvent): Promise<void> {
    switch (event.kind) {
      case 'data':
        await this.#data(event);
        break;
      case 'ping':
      case 'pong': {
        this.#spend(event.data.length, 0);
        await this.#send({
          opcode: event.kind,
          fin: true,
          payload: await this.#policy.pass(event.data, 'control'),
        });
        break;
      }
      case 'close': {
        const reason = await this.#policy.pass(Buffer.from(event.reason), 'control');
        const payload = encodeClose({ code: event.code, reason: reason.toString('utf8') });
        this.#spend(payload.length, 0);
        this.isClosed = true;
        await this.#send({ opcode: 'close', fin: true, payload });
        break;
      }
    }
  }

  async #data(event: DataEvent): Promise<void> {
    this.#spend(event.data.length, this.#bytes);
    this.#bytes += event.data.length;
    if (this.#long !== null) await this.#piece(event, await this.#long.push(event.data));
    else if (this.#policy.scanner === null && this.#held.length === 0) await this.#forward(event, event.data);
    else await this.#hold(event);
    if (event.isLast) this.#bytes = 0;
  }

  async #hold(event: DataEvent): Promise<void> {
    await this.#held.add(event.data, event.isLast);
    const { scanner } = this.#policy;
    if (this.#held.length > WHOLE_BODY_BYTES && scanner !== null) {
      const start = this.#held.bytes;
      const scan = await this.#policy.begin(scanner, start);
      if (this.#gone.aborted) return;
      this.#long = new LongMessage(this.#policy, this.#server.held, scan);
      const released = await this.#long.push(start);
      this.#held.clear();
      await this.#piece(event, released);
    } else if (event.isLast) {
      const passed = await this.#policy.pass(this.#held.bytes, 'data');
      await this.#forward(event, passed);
      this.#held.clear();
    }
  }

  /** Sends on what was released of a long message, and the rest of it with its last piece. */
  async #piece(event: DataEvent, released: Buffer): Promise<void> {
    const rest = event.isLast && this.#long !== null ? await this.#long.end() : nothing;
    if (event.isLast) this.#long = null;
    await this.#forward(event, rest.length === 0 ? released : Buffer.concat([released, rest]));
  }

  async #forward({ type, isLast }: DataEvent, payload: Buffer): Promise<void> {
    if (payload.length === 0 && !isLast) return;
    const opcode = this.#hasBegun ? 'continuation' : type;
    this.#hasBegun = !isLast;
    await this.#send({ opcode, fin: isLast, payload });
  }

  /** The limit of a request is that of a message. */
  #spend(bytes: number, before: number): void {
    if (!this.#server.bytes.spend(bytes, before)) throw new Denied('budget_exceeded');
  }

  async #giveTurn(): Promise<void> {
    if (performance.now() < this.#turnEnds) return;
    await setImmediate();
    this.#turnEnds = performance.now() + TURN_MS;
  }
}
