import { Readable, Writable } from 'node:stream';
import type { BottleProcess, ExitStatus, TerminalSize } from '../contracts.ts';
import { forwardedSignals, ownerMessageSchema, STDIN_WINDOW_BYTES } from './control-messages.ts';
import { OwnerError } from './errors.ts';
import { parseControl, type FrameChannel } from './frame-channel.ts';
import { MAX_DATA_BYTES, type Frame } from './frames.ts';
import { errorFromOwner } from './owner-answer.ts';

/** A program behind the control socket, used like any process of a bottle. */
export class ControlSession implements BottleProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<ExitStatus>;
  /** Resolves when the program runs, or this terminal shows it; tells whether it has a terminal. */
  readonly started: Promise<{ readonly tty: boolean }>;
  readonly #channel: FrameChannel;
  readonly #exit = Promise.withResolvers<ExitStatus>();
  readonly #start = Promise.withResolvers<{ readonly tty: boolean }>();
  #credit = STDIN_WINDOW_BYTES;
  #onCredit: (() => void) | null = null;
  #isOver = false;

  constructor(channel: FrameChannel) {
    this.#channel = channel;
    this.exited = this.#exit.promise;
    this.started = this.#start.promise;
    this.exited.catch(() => undefined);
    this.started.catch(() => undefined);
    const read = (): void => channel.resume();
    this.stdout = new Readable({ read });
    this.stderr = new Readable({ read });
    this.stdin = new Writable({
      write: (chunk: Buffer, _encoding, done) => this.#sendStdin(chunk, done),
      final: (done) => {
        channel.send({ type: 'stdin-end' });
        done();
      },
    });
    this.stdin.on('error', () => undefined);
  }

  resize(size: TerminalSize): void {
    this.#channel.send({ type: 'resize', size: { cols: size.cols, rows: size.rows } });
  }

  kill(signal: NodeJS.Signals): void {
    const known = forwardedSignals.find((each) => each === signal);
    if (known !== undefined) this.#channel.send({ type: 'signal', signal: known });
  }

  /** Leaves: a program started by `exec` is ended by the owner, a shared one goes on. */
  close(): void {
    this.#channel.end();
  }

  /** For the one who owns the connection. */
  onFrame(frame: Frame): void {
    if (frame.kind === 'stdout' || frame.kind === 'stderr') {
      if (!this[frame.kind].push(frame.payload)) this.#channel.pause();
      return;
    }
    if (frame.kind !== 'control') return;
    const message = parseControl(ownerMessageSchema, frame.payload);
    switch (message.type) {
      case 'started':
        this.#start.resolve({ tty: message.tty });
        return;
      case 'stdin-taken':
        this.#credit = Math.min(STDIN_WINDOW_BYTES, this.#credit + message.bytes);
        this.#onCredit?.();
        return;
      case 'exit':
        this.#finish({ code: message.code, signal: signalOf(message.signal) });
        return;
      case 'error':
        this.onClose(errorFromOwner(message));
        return;
      case 'status':
      case 'done':
      case 'proposals':
      case 'decided':
      case 'routes':
        return;
    }
  }

  onClose(error: Error | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const lost = error ?? new OwnerError('failed', 'the connection to the bottle was lost');
    this.#start.reject(lost);
    this.#exit.reject(lost);
    this.#endStreams();
  }

  #finish(status: ExitStatus): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endStreams();
    this.#exit.resolve(status);
  }

  #endStreams(): void {
    this.stdout.push(null);
    this.stderr.push(null);
    this.#onCredit?.();
  }

  #sendStdin(chunk: Buffer, done: () => void): void {
    if (this.#isOver) {
      done();
      return;
    }
    const size = Math.min(chunk.length, this.#credit, MAX_DATA_BYTES);
    if (size > 0) {
      this.#credit -= size;
      this.#channel.data('stdin', chunk.subarray(0, size));
    }
    if (size === chunk.length) {
      done();
      return;
    }
    const rest = chunk.subarray(size);
    if (this.#credit > 0) {
      this.#sendStdin(rest, done);
      return;
    }
    this.#onCredit = () => {
      this.#onCredit = null;
      this.#sendStdin(rest, done);
    };
  }
}

function signalOf(name: string | null): NodeJS.Signals | null {
  const known: ReadonlySet<string> = new Set(forwardedSignals);
  return isSignal(name, known) ? name : null;
}

function isSignal(name: string | null, known: ReadonlySet<string>): name is NodeJS.Signals {
  return name !== null && (known.has(name) || /^SIG[A-Z0-9]{2,8}$/.test(name));
}
