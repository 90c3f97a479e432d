import { chmod, unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { AuditEvent } from '@bot-bottle/audit';
import { SuperviseError, type DecideRequest, type OpenProposal, type Response } from '@bot-bottle/supervise';
import type { BottleProcess } from '../contracts.ts';
import {
  requestSchema,
  type BottleStatus,
  type ControlRequest,
  type OwnerMessage,
} from './control-messages.ts';
import { OwnerError } from './errors.ts';
import { attachSession, execSession, type Session } from './exec-session.ts';
import { FrameChannel, parseControl } from './frame-channel.ts';
import { controlSocketPath, ensureControlDir } from './runtime-dir.ts';
import type { MainProcess } from './main-process.ts';
import type { RoutesView } from './live-routes.ts';
import { shellExitCode } from './spawn-failure.ts';

export type ExecRequest = Extract<ControlRequest, { op: 'exec' }>;
export type SetRoutesRequest = Pick<Extract<ControlRequest, { op: 'set-routes' }>, 'base' | 'table' | 'by'>;

/** What the owner does for those who ask over the socket. */
export interface ControlHandlers {
  status(): BottleStatus;
  exec(request: ExecRequest): Promise<BottleProcess>;
  /** the agent's program, null before it runs */
  main(): MainProcess | null;
  /** Told once per attach. */
  onAttach(): void;
  /** Starts the end of the bottle; resolves when it is over. */
  stop(): Promise<void>;
  appendAudit(events: readonly AuditEvent[]): Promise<void>;
  /** what waits for a human, by arrival */
  proposals(): OpenProposal[];
  /** Applies and records one decision; may take as long as a push to the upstream. */
  decide(request: DecideRequest): Promise<Response>;
  /** routes at present */
  routes(): RoutesView;
  /** Puts a table that the operator edited into force. */
  setRoutes(request: SetRoutesRequest): Promise<RoutesView>;
}

export interface ControlServerOptions {
  readonly runtimeDir: string;
  readonly identity: string;
  readonly handlers: ControlHandlers;
  /** milliseconds for the first message of a connection, default 5000 */
  readonly requestTimeoutMs?: number;
}

const maxConnections = 128;

/** The owner's socket: one operation per connection; only its own user can reach it. */
export class ControlServer {
  readonly path: string;
  readonly #server: Server;
  readonly #options: ControlServerOptions;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, options: ControlServerOptions) {
    this.path = path;
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = maxConnections;
  }

  /** @throws OwnerError `runtime_dir_unsafe`, `socket_unavailable` */
  static async listen(options: ControlServerOptions): Promise<ControlServer> {
    await ensureControlDir(options.runtimeDir);
    const path = controlSocketPath(options.runtimeDir, options.identity);
    // The identity is locked by this process: a socket that is there belongs to a dead owner.
    await unlink(path).catch(() => undefined);
    const server = new ControlServer(path, options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.#server.once('error', reject);
    server.#server.listen(path, resolve);
    try {
      await promise;
      await chmod(path, 0o600);
    } catch (error) {
      throw new OwnerError('socket_unavailable', `the control socket ${path} cannot be opened`, {
        cause: error,
      });
    }
    server.#server.off('error', reject);
    server.#server.on('error', () => undefined);
    return server;
  }

  /** Removes the socket, so that nobody finds it any more; open connections go on. */
  async hide(): Promise<void> {
    await unlink(this.path).catch(() => undefined);
  }

  /** Takes no more connections, lets open ones send what they have (up to 500 ms), and removes the socket. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.end();
    const limit = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, 500);
    await closed;
    clearTimeout(limit);
    await this.hide();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let session: Session | null = null;
    let asked = false;
    const timer = setTimeout(
      () => channel.fail(new OwnerError('timed_out', 'a client asked for nothing')),
      this.#options.requestTimeoutMs ?? 5000,
    );
    const early: Parameters<Session['onFrame']>[0][] = [];
    const channel = new FrameChannel(socket, {
      onFrame: (frame) => {
        if (session !== null) {
          session.onFrame(frame);
        } else if (!asked) {
          asked = true;
          clearTimeout(timer);
          if (frame.kind !== 'control')
            throw new OwnerError('protocol', 'a client did not start with a request');
          const request = parseControl(requestSchema, frame.payload);
          void this.#serve(request, channel).then((made) => {
            session = made;
            try {
              if (channel.isClosed) made?.onGone();
              else for (const each of early.splice(0)) made?.onFrame(each);
            } catch (error) {
              channel.fail(error instanceof Error ? error : new Error('unknown failure'));
            }
          });
        } else if (early.push(frame) > 64) {
          throw new OwnerError('protocol', 'a client did not wait for the answer');
        }
      },
      onClose: () => {
        clearTimeout(timer);
        this.#sockets.delete(socket);
        session?.onGone();
      },
    });
  }

  async #serve(request: ControlRequest, channel: FrameChannel): Promise<Session | null> {
    try {
      return await this.#answer(request, channel);
    } catch (error) {
      channel.send(errorMessage(error));
      channel.end();
      return null;
    }
  }

  async #answer(request: ControlRequest, channel: FrameChannel): Promise<Session | null> {
    const { handlers } = this.#options;
    const finish = (message: OwnerMessage): null => {
      channel.send(message);
      channel.end();
      return null;
    };
    switch (request.op) {
      case 'status':
        return finish({ type: 'status', status: handlers.status() });
      case 'stop':
        channel.send({ type: 'started', tty: false });
        await handlers.stop();
        return finish({ type: 'done' });
      case 'audit-append':
        await handlers.appendAudit(request.events);
        return finish({ type: 'done' });
      case 'proposals':
        return finish({ type: 'proposals', proposals: handlers.proposals() });
      case 'decide': {
        const { id, digest, outcome, reason, by, grant, dockerfile, table } = request;
        return finish({
          type: 'decided',
          response: await handlers.decide({ id, digest, outcome, reason, by, grant, dockerfile, table }),
        });
      }
      case 'routes':
        return finish(routesMessage(handlers.routes()));
      case 'set-routes': {
        const { base, table, by } = request;
        return finish(routesMessage(await handlers.setRoutes({ base, table, by })));
      }
      case 'exec':
        return execSession(await handlers.exec(request), request.tty !== null, channel);
      case 'attach': {
        const main = handlers.main();
        if (main === null) throw new OwnerError('not_interactive', 'the agent is not running yet');
        handlers.onAttach();
        if (request.size !== null) main.resize(request.size);
        return attachSession(main, channel);
      }
    }
  }
}

function routesMessage({ table, digest, now, slots }: RoutesView): OwnerMessage {
  return {
    type: 'routes',
    routes: { table: structuredClone(table), digest, now, slots: slots.map((slot) => ({ ...slot })) },
  };
}

function errorMessage(error: unknown): OwnerMessage {
  if (OwnerError.isInstance(error) || SuperviseError.isInstance(error))
    return { type: 'error', code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : 'unknown failure';
  const exitCode = shellExitCode(error);
  const code =
    exitCode === 127 ? 'command_not_found' : exitCode === 126 ? 'command_not_executable' : 'exec_failed';
  return { type: 'error', code, message, hint: null };
}
