import type { Duplex } from 'node:stream';
import type { Sweeper } from '../limits/sweeper.ts';
import { requestText } from './request-text.ts';
import { UpstreamConnection } from './upstream-connection.ts';
import type { ConnectionEvents, ConnectionLimits } from './upstream-connection.ts';
import { UpstreamError } from './upstream-error.ts';
import type { AnswerHandler, UpstreamRequest } from './upstream-exchange.ts';

/** Idle connections are kept this long; common servers close theirs after 60 s or more. */
const KEEP_MS = 15_000;
const MAX_KEEP_MS = 60_000;
/** What a server says of its own limit is shortened by this, so that a request does not cross its close. */
const KEEP_MARGIN_MS = 1_000;
/** Idle connections of one target; more than these are closed when their request ends. */
const MAX_IDLE = 256;

interface Waiting {
  readonly text: string;
  readonly request: UpstreamRequest;
  readonly handler: AnswerHandler;
}

export interface UpstreamPoolOptions extends ConnectionLimits {
  readonly sweeper: Sweeper;
  /** dials and verifies; rejects with `UpstreamError` */
  readonly open: () => Promise<Duplex>;
}

/** Connections to one checked target, each with one request at a time. */
export class UpstreamPool {
  readonly #options: UpstreamPoolOptions;
  readonly #idle: UpstreamConnection[] = [];
  readonly #live = new Set<UpstreamConnection>();
  readonly #events: ConnectionEvents;
  #waiting: Waiting[] = [];
  #closed = false;

  constructor(options: UpstreamPoolOptions) {
    this.#options = options;
    this.#events = {
      free: (connection, idleSeconds) => this.#keep(connection, idleSeconds),
      gone: (connection) => {
        this.#live.delete(connection);
        const at = this.#idle.indexOf(connection);
        if (at >= 0) this.#idle.splice(at, 1);
      },
    };
  }

  /**
   * Sends a request on an idle connection or a new one. It is not sent a second time, as what an upstream did with it
   * cannot be known; but for a GET or HEAD without a body that met the close of an idle connection, which goes out once
   * more on a new one (RFC 9110 9.2.2, RFC 9112 9.3.1). Throws `UpstreamError` when it cannot be written down.
   */
  dispatch(request: UpstreamRequest, handler: AnswerHandler): void {
    const waiting = { text: requestText(request), request, handler };
    if (this.#idle.length === 0) {
      void this.#open(waiting);
      return;
    }
    // Bytes or an end that an idle connection has received already are read first: they must not be taken for the
    // answer to this request (as in GHSA-35p6-xmwp-9g52). After this turn's poll they have been.
    if (this.#waiting.push(waiting) === 1) setImmediate(() => this.#flush());
  }

  /** whether it keeps no connections any more */
  get closed(): boolean {
    return this.#closed;
  }

  /** Takes no more connections back; requests under way end as they would. */
  close(): void {
    this.#closed = true;
    for (let next = this.#idle.pop(); next !== undefined; next = this.#idle.pop()) next.destroy();
  }

  /** Cuts everything. */
  destroy(): void {
    this.close();
    for (const connection of this.#live) connection.cut();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      const connection = this.#take();
      if (connection === null) void this.#open(each);
      else this.#start(connection, each, mayRepeat(each.request) ? () => void this.#open(each) : null);
    }
  }

  #take(): UpstreamConnection | null {
    const now = performance.now();
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return null;
      // the sweeper of a busy process may be late, and the server's own timer is not
      if (connection.usable && connection.deadline > now) return connection;
      connection.destroy();
    }
  }

  async #open(waiting: Waiting): Promise<void> {
    const { open, sweeper } = this.#options;
    let socket: Duplex;
    try {
      socket = await open();
    } catch (error) {
      waiting.handler.failed(
        error instanceof UpstreamError ? error : new UpstreamError('upstream_unreachable'),
      );
      return;
    }
    const connection = new UpstreamConnection(socket, this.#options, sweeper, this.#events);
    this.#live.add(connection);
    if (connection.usable) this.#start(connection, waiting, null);
    else {
      connection.destroy();
      waiting.handler.failed(new UpstreamError('upstream_unreachable'));
    }
  }

  #start(
    connection: UpstreamConnection,
    { text, request, handler }: Waiting,
    unanswered: (() => void) | null,
  ): void {
    if (handler.connected(() => connection.abort(handler)))
      connection.send(text, request, handler, unanswered);
    else this.#keep(connection, null);
  }

  #keep(connection: UpstreamConnection, idleSeconds: number | null): void {
    const keepMs =
      idleSeconds === null ? KEEP_MS : Math.min(idleSeconds * 1000 - KEEP_MARGIN_MS, MAX_KEEP_MS);
    if (this.#closed || keepMs <= 0 || this.#idle.length >= MAX_IDLE) {
      connection.destroy();
      return;
    }
    connection.deadline = performance.now() + keepMs;
    this.#idle.push(connection);
  }
}

/** Whether a second time does nothing that the first did not. */
function mayRepeat({ method, body, upgrade }: UpstreamRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && body === null && upgrade === null;
}
