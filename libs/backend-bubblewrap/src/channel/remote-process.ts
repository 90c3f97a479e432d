import { Readable, Writable } from 'node:stream';
import { constants } from 'node:os';
import type { BottleProcess, ExitStatus, TerminalSize } from '@bot-bottle/backend';
import { encodeNumber, MAX_CHUNK_BYTES, toInit, WINDOW_BYTES } from '../init/frames.ts';

type Send = (type: number, payload?: Uint8Array) => void;

/** A stream that takes what init sends and acknowledges only what somebody read. */
class Incoming {
  readonly stream: Readable;
  readonly #acknowledge: (bytes: number) => void;
  #held = 0;
  #ended = false;

  constructor(acknowledge: (bytes: number) => void) {
    this.#acknowledge = acknowledge;
    this.stream = new Readable({
      highWaterMark: WINDOW_BYTES / 2,
      read: () => this.#release(),
      destroy: (error, done) => {
        this.#release();
        done(error);
      },
    });
    this.stream.on('error', () => {});
  }

  /** @throws RangeError when init sends more than it may */
  push(bytes: Buffer): void {
    if (this.#ended) throw new RangeError('data after the end of a stream');
    this.#held += bytes.length;
    if (this.#held > WINDOW_BYTES) throw new RangeError('more data than the window allows');
    if (this.stream.destroyed || this.stream.push(bytes)) this.#release();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.stream.push(null);
  }

  get ended(): boolean {
    return this.#ended;
  }

  #release(): void {
    if (this.#held === 0) return;
    const bytes = this.#held;
    this.#held = 0;
    if (!this.#ended) this.#acknowledge(bytes);
  }
}

/** The owner's end of one process in a bottle. */
export class RemoteProcess implements BottleProcess {
  readonly stdin: Writable;
  readonly exited: Promise<ExitStatus>;
  readonly #stdout: Incoming;
  readonly #stderr: Incoming;
  readonly #send: Send;
  readonly #exit: (status: ExitStatus) => void;
  #status: ExitStatus | null = null;
  #unacknowledged = 0;
  #waiting: (() => void) | null = null;

  constructor(send: Send) {
    this.#send = send;
    const { promise, resolve } = Promise.withResolvers<ExitStatus>();
    this.exited = promise;
    this.#exit = resolve;
    this.#stdout = new Incoming((bytes) => send(toInit.ackStdout, encodeNumber(bytes)));
    this.#stderr = new Incoming((bytes) => send(toInit.ackStderr, encodeNumber(bytes)));
    this.stdin = new Writable({
      highWaterMark: WINDOW_BYTES / 2,
      write: (chunk: Buffer, _encoding, done) => this.#write(chunk, done),
      final: (done) => {
        send(toInit.stdinEnd);
        done();
      },
    });
    this.stdin.on('error', () => {});
  }

  get stdout(): Readable {
    return this.#stdout.stream;
  }

  get stderr(): Readable {
    return this.#stderr.stream;
  }

  resize(size: TerminalSize): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt16BE(clampSize(size.cols), 0);
    payload.writeUInt16BE(clampSize(size.rows), 2);
    this.#send(toInit.resize, payload);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#status === null) this.#send(toInit.signal, Buffer.from([constants.signals[signal]]));
  }

  /** @internal frames from init */
  receive(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    (stream === 'stdout' ? this.#stdout : this.#stderr).push(bytes);
  }

  /** @internal */
  endStream(stream: 'stdout' | 'stderr'): void {
    (stream === 'stdout' ? this.#stdout : this.#stderr).end();
  }

  /** @internal @throws RangeError when more is acknowledged than was sent */
  acknowledged(bytes: number): void {
    this.#unacknowledged -= bytes;
    if (this.#unacknowledged < 0) throw new RangeError('acknowledged data that was not sent');
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
  }

  /** @internal */
  finish(status: ExitStatus): void {
    if (this.#status !== null) return;
    this.#status = status;
    // nobody reads the rest: writers must not wait for acknowledgements that never come
    this.stdin.destroy();
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
    this.#exit(status);
  }

  /** @internal whether init will say nothing more about it */
  get finished(): boolean {
    return this.#status !== null && this.#stdout.ended && this.#stderr.ended;
  }

  /** @internal the bottle is gone */
  abandon(): void {
    this.endStream('stdout');
    this.endStream('stderr');
    this.finish({ code: null, signal: 'SIGKILL' });
  }

  #write(chunk: Buffer, done: () => void): void {
    let at = 0;
    const step = () => {
      while (at < chunk.length) {
        if (this.#status !== null) return done();
        const room = WINDOW_BYTES - this.#unacknowledged;
        if (room <= 0) {
          this.#waiting = step;
          return;
        }
        const part = chunk.subarray(at, at + Math.min(room, MAX_CHUNK_BYTES));
        at += part.length;
        this.#unacknowledged += part.length;
        this.#send(toInit.stdin, part);
      }
      done();
    };
    step();
  }
}

const clampSize = (value: number) => Math.min(Math.max(Math.trunc(value) || 1, 1), 0xffff);
