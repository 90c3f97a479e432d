import { connect, type Socket } from 'node:net';
import type { AuditEvent } from '@bot-bottle/audit';
import type { RouteTable } from '@bot-bottle/egress';
import type { DecideRequest, OpenProposal, Response } from '@bot-bottle/supervise';
import type { TerminalSize } from '../contracts.ts';
import {
  CONTROL_VERSION,
  ownerMessageSchema,
  type BottleStatus,
  type ControlRequest,
  type OwnerMessage,
} from './control-messages.ts';
import { ControlSession } from './control-session.ts';
import { OwnerError } from './errors.ts';
import { FrameChannel, parseControl } from './frame-channel.ts';
import { errorFromOwner } from './owner-answer.ts';
import type { RoutesView } from './live-routes.ts';

export interface ClientOptions {
  /** milliseconds until an answer must be there, default 5000 */
  readonly timeoutMs?: number;
}

export interface ExecOverSocket {
  readonly argv: readonly string[];
  /** null: the bottle's workdir */
  readonly cwd?: string | null;
  /** null: pipes */
  readonly tty?: TerminalSize | null;
  readonly term?: string | null;
}

/** Speaks with the owner of one bottle over its control socket; each call is a connection of its own. */
export class ControlClient {
  readonly #path: string;

  constructor(socketPath: string) {
    this.#path = socketPath;
  }

  async status(options: ClientOptions = {}): Promise<BottleStatus> {
    const answer = await this.#ask({ v: CONTROL_VERSION, op: 'status' }, 'status', options.timeoutMs ?? 5000);
    return answer.status;
  }

  /** Ends the bottle and waits until everything of it is gone, by default up to 30 s. */
  async stop(options: ClientOptions = {}): Promise<void> {
    await this.#ask({ v: CONTROL_VERSION, op: 'stop' }, 'done', options.timeoutMs ?? 30_000);
  }

  async appendAudit(events: readonly AuditEvent[], options: ClientOptions = {}): Promise<void> {
    const request: ControlRequest = { v: CONTROL_VERSION, op: 'audit-append', events: [...events] };
    await this.#ask(request, 'done', options.timeoutMs ?? 5000);
  }

  /** What waits for a human, by arrival. Whoever shows one computes its digest himself, from what he shows. */
  async proposals(options: ClientOptions = {}): Promise<readonly OpenProposal[]> {
    const answer = await this.#ask(
      { v: CONTROL_VERSION, op: 'proposals' },
      'proposals',
      options.timeoutMs ?? 5000,
    );
    return answer.proposals;
  }

  /**
   * Decides one proposal and resolves when that was applied, by default within 31 min. Ending earlier only ends the
   * waiting.
   *
   * @throws SuperviseError with why it was not decided, OwnerError
   */
  async decide(request: DecideRequest, options: ClientOptions = {}): Promise<Response> {
    const answer = await this.#ask(
      {
        v: CONTROL_VERSION,
        op: 'decide',
        ...request,
        grant: request.grant ?? null,
        dockerfile: request.dockerfile ?? null,
        table: request.table ?? null,
      },
      'decided',
      options.timeoutMs ?? 31 * 60_000,
    );
    return answer.response;
  }

  /** Routes of the bottle at present. */
  async routes(options: ClientOptions = {}): Promise<RoutesView> {
    const answer = await this.#ask({ v: CONTROL_VERSION, op: 'routes' }, 'routes', options.timeoutMs ?? 5000);
    return answer.routes;
  }

  /**
   * Puts a table that the operator edited into force and resolves when egress has confirmed it.
   *
   * @param change `base` is the digest of the table that was edited
   * @throws SuperviseError `changed`, `invalid_grant`, `apply_failed`: the old table stays; OwnerError
   */
  async setRoutes(
    change: { readonly base: string; readonly table: RouteTable; readonly by: string },
    options: ClientOptions = {},
  ): Promise<RoutesView> {
    const request: ControlRequest = {
      v: CONTROL_VERSION,
      op: 'set-routes',
      ...change,
      table: structuredClone(change.table),
    };
    const answer = await this.#ask(request, 'routes', options.timeoutMs ?? 30_000);
    return answer.routes;
  }

  /** Starts a program in the bottle. */
  exec(request: ExecOverSocket, options: ClientOptions = {}): Promise<ControlSession> {
    const { argv, cwd = null, tty = null, term = null } = request;
    return this.#session(
      { v: CONTROL_VERSION, op: 'exec', argv: [...argv], cwd, tty: tty === null ? null : { ...tty }, term },
      options,
    );
  }

  /** Joins the agent's own program. */
  attach(size: TerminalSize | null, options: ClientOptions = {}): Promise<ControlSession> {
    return this.#session(
      { v: CONTROL_VERSION, op: 'attach', size: size === null ? null : { ...size } },
      options,
    );
  }

  async #session(request: ControlRequest, options: ClientOptions): Promise<ControlSession> {
    const socket = await this.#connect();
    const channel = new FrameChannel(socket, {
      onFrame: (frame) => session.onFrame(frame),
      onClose: (error) => session.onClose(error),
    });
    const session = new ControlSession(channel);
    channel.send(request);
    const limit = AbortSignal.timeout(options.timeoutMs ?? 30_000);
    const late = (): void => channel.fail(new OwnerError('timed_out', 'the bottle did not answer in time'));
    limit.addEventListener('abort', late, { once: true });
    try {
      await session.started;
    } finally {
      limit.removeEventListener('abort', late);
    }
    return session;
  }

  async #ask<Type extends OwnerMessage['type']>(
    request: ControlRequest,
    expected: Type,
    timeoutMs: number,
  ): Promise<Extract<OwnerMessage, { type: Type }>> {
    const socket = await this.#connect();
    const { promise, resolve, reject } = Promise.withResolvers<Extract<OwnerMessage, { type: Type }>>();
    const isExpected = (message: OwnerMessage): message is Extract<OwnerMessage, { type: Type }> =>
      message.type === expected;
    const channel = new FrameChannel(socket, {
      onFrame: (frame) => {
        if (frame.kind !== 'control') return;
        const message = parseControl(ownerMessageSchema, frame.payload);
        if (isExpected(message)) resolve(message);
        else if (message.type === 'error') reject(errorFromOwner(message));
      },
      onClose: (error) => reject(error ?? new OwnerError('failed', 'the owner of the bottle did not answer')),
    });
    channel.send(request);
    const timer = setTimeout(
      () =>
        channel.fail(
          new OwnerError('timed_out', `the owner of the bottle did not answer within ${timeoutMs / 1000} s`),
        ),
      timeoutMs,
    );
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      channel.end();
    }
  }

  async #connect(): Promise<Socket> {
    const socket = connect(this.#path);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('connect', resolve);
    socket.once('error', reject);
    try {
      await promise;
    } catch (error) {
      socket.destroy();
      throw new OwnerError('no_such_bottle', 'no owner answers: the bottle is not running', { cause: error });
    }
    socket.off('error', reject);
    return socket;
  }
}
