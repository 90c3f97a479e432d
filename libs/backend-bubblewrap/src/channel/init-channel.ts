import type { Duplex } from 'node:stream';
import { BackendError, type BottleProcess } from '@bot-bottle/backend';
import { z } from 'zod';
import {
  type CheckRequest,
  encodeFrame,
  type Frame,
  FrameReader,
  fromInit,
  MAX_FROM_INIT_BYTES,
  MAX_TO_INIT_BYTES,
  type StartRequest,
  toInit,
} from '../init/frames.ts';
import { RemoteProcess } from './remote-process.ts';
import { signalName } from './signal-name.ts';

const exitSchema = z.strictObject({
  code: z.int().min(0).max(255).nullable(),
  signal: signalName.nullable(),
});
const problemsSchema = z.array(z.string().max(200)).max(50);

interface Pending<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The owner's end of the channel to init. Everything that arrives was possibly written by the agent: a frame that is
 * too large, unknown, or about a process that does not exist ends the channel, and with it the bottle.
 */
export class InitChannel {
  readonly ready: Promise<void>;
  readonly #socket: Duplex;
  readonly #ready = Promise.withResolvers<void>();
  readonly #reader = new FrameReader(MAX_FROM_INIT_BYTES);
  readonly #starting = new Map<number, Pending<BottleProcess>>();
  readonly #checks = new Map<number, Pending<string[]>>();
  readonly #processes = new Map<number, RemoteProcess>();
  #next = 1;
  #closed = false;

  /** @param hostile called once when init breaks the protocol */
  constructor(socket: Duplex, hostile: (reason: string) => void) {
    this.#socket = socket;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {});
    socket.on('data', (chunk: Buffer) => {
      if (this.#closed) return;
      try {
        for (const frame of this.#reader.push(chunk)) this.#handle(frame);
      } catch (error) {
        const reason = error instanceof RangeError ? error.message : 'a malformed message';
        this.#end();
        socket.destroy();
        hostile(reason);
      }
    });
    socket.on('error', () => {});
    socket.once('close', () => this.#end());
  }

  /** @throws BackendError `exec_failed` when the program cannot be started */
  start(request: StartRequest): Promise<BottleProcess> {
    const payload = Buffer.from(JSON.stringify(request));
    if (payload.length > MAX_TO_INIT_BYTES)
      return Promise.reject(new BackendError('exec_failed', 'the arguments and environment are too large'));
    return this.#ask(this.#starting, (id) => {
      this.#processes.set(id, new RemoteProcess((type, bytes) => this.#send(type, id, bytes)));
      this.#send(toInit.start, id, payload);
    });
  }

  /** What init found that should not be there. */
  check(request: CheckRequest): Promise<string[]> {
    return this.#ask(this.#checks, (id) =>
      this.#send(toInit.check, id, Buffer.from(JSON.stringify(request))),
    );
  }

  #ask<T>(map: Map<number, Pending<T>>, begin: (id: number) => void): Promise<T> {
    if (this.#closed) return Promise.reject(gone());
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const id = this.#next;
    this.#next += 1;
    map.set(id, { resolve, reject });
    begin(id);
    return promise;
  }

  #send(type: number, id: number, payload?: Uint8Array): void {
    if (!this.#closed && !this.#socket.destroyed) this.#socket.write(encodeFrame(type, id, payload));
  }

  #handle({ type, process: id, payload }: Frame): void {
    switch (type) {
      case fromInit.ready:
        return this.#ready.resolve();
      case fromInit.checked:
        return take(this.#checks, id).resolve(problemsSchema.parse(JSON.parse(payload.toString())));
      case fromInit.started:
        return take(this.#starting, id).resolve(this.#process(id));
      case fromInit.failed: {
        const reason = payload.toString('utf8').slice(0, 4096);
        this.#processes.delete(id);
        return take(this.#starting, id).reject(new BackendError('exec_failed', reason, { data: { id } }));
      }
      case fromInit.stdout:
        return this.#process(id).receive('stdout', payload);
      case fromInit.stderr:
        return this.#process(id).receive('stderr', payload);
      case fromInit.stdoutEnd:
        return this.#settle(id, (process) => process.endStream('stdout'));
      case fromInit.stderrEnd:
        return this.#settle(id, (process) => process.endStream('stderr'));
      case fromInit.exit: {
        const status = exitSchema.parse(JSON.parse(payload.toString()));
        return this.#settle(id, (process) => process.finish(status));
      }
      case fromInit.ackStdin:
        // the last ones may come after the end
        if (id >= this.#next) throw new RangeError('an unknown process');
        return this.#processes.get(id)?.acknowledged(payload.readUInt32BE(0));
      default:
        throw new RangeError('an unknown message');
    }
  }

  // a program that could not be started has streams too, and init says so
  #settle(id: number, act: (process: RemoteProcess) => void): void {
    const process = this.#processes.get(id);
    if (process === undefined) {
      if (id >= this.#next) throw new RangeError('an unknown process');
      return;
    }
    act(process);
    if (process.finished) this.#processes.delete(id);
  }

  #process(id: number): RemoteProcess {
    const process = this.#processes.get(id);
    if (process === undefined) throw new RangeError('an unknown process');
    return process;
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ready.reject(gone());
    for (const pending of [...this.#starting.values(), ...this.#checks.values()]) pending.reject(gone());
    for (const process of this.#processes.values()) process.abandon();
    this.#starting.clear();
    this.#checks.clear();
    this.#processes.clear();
  }
}

function take<T>(map: Map<number, Pending<T>>, id: number): Pending<T> {
  const pending = map.get(id);
  if (pending === undefined) throw new RangeError('an answer that nobody asked for');
  map.delete(id);
  return pending;
}

const gone = () => new BackendError('exec_failed', 'the bottle has ended');
