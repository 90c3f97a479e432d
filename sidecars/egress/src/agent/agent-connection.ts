import type { Socket } from 'node:net';
import { parseRequestHead } from '@bot-bottle/egress';
import type { RequestHead, Via } from '@bot-bottle/egress';
import { describeConnect } from '../request/describe-request.ts';
import { Exchange } from '../request/exchange.ts';
import { denialAnswer } from '../response/http-text.ts';
import type { ServerContext } from '../server-context.ts';
import { AgentReader } from './agent-reader.ts';

/** What else than ordinary requests a stream can carry. */
export interface ConnectionHooks {
  /** false: the request was answered otherwise */
  readonly admit?: (head: RequestHead, connection: AgentConnection) => boolean;
  readonly onClosed: () => void;
}

/** One HTTP/1.1 stream of the agent: the proxy connection itself, or the inside of a tunnel. */
export class AgentConnection {
  readonly reader: AgentReader;
  readonly #server: ServerContext;
  readonly #via: Via;
  readonly #hooks: ConnectionHooks;
  #exchange: Exchange | null = null;
  #closed = false;

  constructor(server: ServerContext, socket: Socket, via: Via, hooks: ConnectionHooks) {
    this.#server = server;
    this.#via = via;
    this.#hooks = hooks;
    const { head_bytes: headBytes, first_byte_ms: headMs, idle_ms: idleMs } = server.config.limits;
    this.reader = new AgentReader(
      socket,
      {
        head: (bytes) => this.#head(bytes),
        badHead: (kind) =>
          this.refuse(
            'malformed_request',
            `The request head is ${kind === 'oversize' ? 'too large' : 'too slow'}.`,
          ),
        gone: () => this.#gone(),
        stuck: () => this.#exchange?.agentGone(),
      },
      { headBytes, headMs, idleMs },
      server.sweeper,
    );
    server.readers.add(this.reader);
    socket.on('close', () => this.#close());
    if (socket.destroyed) this.#close();
  }

  /** Answers something that is not even a request, and closes. */
  refuse(
    code: 'malformed_request' | 'method_refused' | 'upgrade_not_allowed' | 'opaque_tunnel',
    message: string,
  ): void {
    const via = this.#via;
    const target =
      via.kind === 'tunnel' ? describeConnect(via.host, via.port, this.#server.policy.leaks()) : 'proxy';
    this.#server
      .audit({ layer: 'egress', action: 'request', outcome: 'denied', code, target, rule: null, details: {} })
      .catch(() => this.#server.log(0, { event: 'audit_failed' }));
    this.#server.log(1, { event: 'denied', code, target, rule: null });
    this.reader.finish(denialAnswer({ layer: 'egress', code, target, message }, null));
  }

  #head(bytes: Buffer): void {
    const parsed = parseRequestHead(bytes);
    if (!parsed.ok) {
      this.refuse(parsed.code, `Refused: ${parsed.reason}.`);
      return;
    }
    if (this.#hooks.admit?.(parsed.head, this) === false) return;
    const exchange = new Exchange(this.#server, this.reader, parsed.head, this.#via, (reusable) => {
      this.#exchange = null;
      if (reusable) this.reader.next();
    });
    this.#exchange = exchange;
    void exchange.run();
  }

  #gone(): void {
    this.#exchange?.agentGone();
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.readers.delete(this.reader);
    this.#hooks.onClosed();
  }
}
