import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AuditEvent } from '@bot-bottle/audit';
import type { Finding } from '@bot-bottle/dlp';
import { encodeClose, encodeFrame } from '@bot-bottle/egress';
import type { CloseFrame, EchoRedactor, OutgoingFrame, RequestHead } from '@bot-bottle/egress';
import type { Expirable } from '../limits/sweeper.ts';
import { Denied } from '../request/denied.ts';
import { LazyAbort } from '../request/lazy-abort.ts';
import type { ServerContext } from '../server-context.ts';
import { AgentMessages } from './agent-messages.ts';
import { closeFor } from './close-for.ts';
import type { Violation } from './close-for.ts';
import { nextMask } from './mask-keys.ts';
import { endedEvent, receivedEvent } from './message-events.ts';
import type { MessageScene } from './message-events.ts';
import { MessagePolicy } from './message-policy.ts';
import { MessageTap } from './message-tap.ts';
import { ServerMessages } from './server-messages.ts';

export interface RelayOptions {
  readonly server: ServerContext;
  readonly head: RequestHead;
  readonly scene: MessageScene;
  /** what the agent is told; written first */
  readonly answer: string;
  readonly agent: Socket;
  readonly upstream: Duplex;
  /** overwrites the injected credential in what comes back; null: there is none */
  readonly echoes: EchoRedactor | null;
  /** Resolves when the event is safely recorded; rejects with `Denied`. */
  readonly record: (event: AuditEvent) => Promise<void>;
  /** both sides are closed; called once */
  readonly over: () => void;
}

/** Bytes that may wait for a side before the other one is held back. */
const BUFFERED_BYTES = 256 * 1024;
/** Bytes of the agent that may wait behind a message that is being scanned. */
const WAITING_BYTES = 64 * 1024;
/** How long the second close frame may take. */
const CLOSING_MS = 30_000;
/** How long last bytes may take to leave. */
const FLUSH_MS = 30_000;
/** The same after a refusal. */
const LINGER_MS = 1_000;

/** A WebSocket between the agent and a server: whole frames go on, each side read only as fast as the other takes them. */
export class WebSocketRelay implements Expirable {
  deadline = Number.POSITIVE_INFINITY;
  index = -1;
  readonly #options: RelayOptions;
  readonly #agent: Socket;
  readonly #upstream: Duplex;
  readonly #gone = new LazyAbort();
  readonly #policy: MessagePolicy;
  readonly #fromAgent: AgentMessages;
  readonly #fromServer: ServerMessages;
  readonly #tap: MessageTap | null;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isBusy = false;
  #agentLeft = false;
  /** nothing is carried any more; last bytes are on their way */
  #isEnding = false;
  #isOver = false;
  #linger: NodeJS.Timeout | undefined;
  #lingerEnd = Number.POSITIVE_INFINITY;

  constructor(options: RelayOptions) {
    const { server, head, scene, agent, upstream, echoes, record } = options;
    this.#options = options;
    this.#agent = agent;
    this.#upstream = upstream;
    this.#policy = new MessagePolicy(server, head, scene, {
      record,
      failed: (denied) => this.#failed(denied),
      isOver: () => this.#isEnding,
    });
    this.#fromAgent = new AgentMessages(server, this.#policy, this.#gone, (frame) => this.#send(frame));
    const inbound = server.policy.inbound(scene.decision.route);
    this.#tap = inbound === null ? null : new MessageTap(inbound, (findings) => this.#tell(findings));
    this.#fromServer = new ServerMessages(echoes, this.#tap);
  }

  start(): void {
    const { server, answer } = this.#options;
    this.#agent
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => this.#agentData(chunk))
      .on('end', () => this.#agentEnded())
      .on('close', () => {
        this.#agentEnded();
        this.#sideClosed();
      });
    this.#upstream
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => this.#serverData(chunk))
      .on('end', () => this.#end())
      .on('close', () => {
        this.#end();
        this.#sideClosed();
      });
    this.#agent.write(answer, 'latin1');
    this.#touch();
    server.sweeper.add(this);
    this.#agent.resume();
    this.#upstream.resume();
  }

  /** Ends it now, and tells the agent why. */
  fail(denied: Denied, violation: Violation | null = null): void {
    if (this.#isEnding) {
      this.#lingerFor(LINGER_MS);
      return;
    }
    const { server, scene } = this.#options;
    if (denied.code !== 'shutting_down' || denied.findings.length > 0) {
      const event = endedEvent(scene, denied, this.#policy.proposal);
      server.audit(event).catch(() => server.log(0, { event: 'audit_failed' }));
      server.log(1, { event: 'denied', code: denied.code, target: scene.target, rule: event.rule });
    }
    this.#goodbye(closeFor(denied, violation));
  }

  /** Cuts both sides at once. */
  destroy(): void {
    this.#isEnding = true;
    this.#over();
  }

  expire(): void {
    if (this.#policy.isHolding && !this.#agentLeft) {
      this.#touch();
      return;
    }
    this.#options.server.log(1, {
      event: 'cut',
      code: 'idle',
      target: this.#options.scene.target,
      rule: null,
    });
    this.#goodbye({ code: 1001, reason: 'idle' });
  }

  #agentData(chunk: Buffer): void {
    if (this.#isEnding) return;
    this.#touch();
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    // read on a little while a message waits, so that it is noticed when the agent leaves
    if (this.#waitingBytes > WAITING_BYTES) this.#agent.pause();
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    try {
      for (let chunk = this.#waiting.shift(); chunk !== undefined; chunk = this.#waiting.shift()) {
        this.#waitingBytes -= chunk.length;
        await this.#fromAgent.take(chunk);
        if (this.#fromAgent.isClosed) this.#closing();
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#isBusy = false;
    if (this.#isEnding) return;
    if (this.#agentLeft) this.#end();
    else this.#agent.resume();
  }

  /** Resolves when the server has room for more. */
  async #send(frame: OutgoingFrame): Promise<void> {
    if (this.#isEnding) return;
    this.#upstream.write(encodeFrame(frame, nextMask()));
    this.#touch();
    if (this.#upstream.writableLength > BUFFERED_BYTES) await this.#drained(this.#upstream);
  }

  #serverData(chunk: Buffer): void {
    if (this.#isEnding) return;
    this.#touch();
    // while a message waits for a human, the agent's answer would wait behind it
    const { frames, pings, refused } = this.#fromServer.take(chunk, this.#policy.isHolding);
    if (frames.length > 0) this.#agent.write(frames);
    for (const payload of pings)
      if (this.#upstream.writableLength < BUFFERED_BYTES)
        this.#upstream.write(encodeFrame({ opcode: 'pong', fin: true, payload }, nextMask()));
    if (refused !== null) this.fail(new Denied('upstream_invalid', { text: refused.reason }));
    else if (this.#fromServer.isClosed) this.#closing();
    if (this.#isEnding || this.#agent.writableLength < BUFFERED_BYTES) return;
    this.#upstream.pause();
    void this.#drained(this.#agent).then(() => this.#upstream.resume());
  }

  /** What a server says to the agent is told, and goes on. */
  #tell(findings: readonly Finding[]): void {
    const { server, scene } = this.#options;
    for (const { rule } of findings)
      server.log(1, { event: 'finding', rule, surface: 'websocket', action: 'warn' });
    server.audit(receivedEvent(scene, findings)).catch(() => server.log(0, { event: 'audit_failed' }));
  }

  #failed(error: unknown): void {
    const denied = error instanceof Denied ? error : new Denied('scanner_unavailable');
    this.fail(denied, denied.code === 'malformed_request' ? this.#fromAgent.violation : null);
  }

  /** A close frame has passed: the other one ends it, or time does. */
  #closing(): void {
    if (this.#fromAgent.isClosed && this.#fromServer.isClosed) this.#end();
    else this.deadline = performance.now() + CLOSING_MS;
  }

  #agentEnded(): void {
    this.#agentLeft = true;
    // nobody is there who could take the answer of a human
    if (!this.#isBusy || this.#policy.isHolding) this.#end();
  }

  /** Tells both sides that it is over; what was said goes out before. */
  #goodbye(close: CloseFrame): void {
    if (this.#isEnding) return;
    if (!this.#fromServer.isClosed)
      this.#agent.write(encodeFrame({ opcode: 'close', fin: true, payload: encodeClose(close) }, null));
    // a server need not know why
    const away = encodeClose({ code: 1001, reason: '' });
    if (!this.#fromAgent.isClosed)
      this.#upstream.write(encodeFrame({ opcode: 'close', fin: true, payload: away }, nextMask()));
    this.#end(LINGER_MS);
  }

  #end(lingerMs = FLUSH_MS): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#release();
    this.#lingerFor(lingerMs);
    for (const side of [this.#agent, this.#upstream]) {
      side.end();
      // whatever still comes is dropped, so that the last bytes are not lost to a reset
      side.resume();
    }
    this.#sideClosed();
  }

  /** At most so long from now on; a shorter time that runs already is kept. */
  #lingerFor(limitMs: number): void {
    const end = performance.now() + limitMs;
    if (this.#isOver || end >= this.#lingerEnd) return;
    this.#lingerEnd = end;
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#over(), limitMs);
    this.#linger.unref();
  }

  #sideClosed(): void {
    if (this.#agent.closed && this.#upstream.closed) this.#over();
  }

  #release(): void {
    this.#gone.abort();
    this.#policy.leave();
    this.#fromAgent.destroy();
    this.#tap?.end();
    this.#waiting.length = 0;
    this.#options.server.sweeper.delete(this);
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#linger);
    this.#release();
    this.#agent.destroy();
    this.#upstream.destroy();
    this.#options.over();
  }

  #touch(): void {
    if (this.#fromAgent.isClosed || this.#fromServer.isClosed) return;
    this.deadline = performance.now() + this.#options.server.config.limits.idle_ms;
  }

  #drained(side: Socket | Duplex): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        side.off('drain', done).off('close', done);
        this.#touch();
        resolve();
      };
      side.on('drain', done).on('close', done);
    });
  }
}
