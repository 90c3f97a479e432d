import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { encodeNumber, fromInit, MAX_CHUNK_BYTES, type StartRequest, WINDOW_BYTES } from './frames.ts';
import { resizeTerminal, spawnOnTerminal, terminalLeader } from './terminal.ts';

export type Send = (type: number, payload?: Uint8Array) => void;

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** One process that the owner asked for. */
export class Child {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #tty: boolean;
  readonly #send: Send;
  readonly #acknowledge: { stdout: (bytes: number) => void; stderr: (bytes: number) => void };
  #running = false;

  constructor(request: StartRequest, send: Send, done: () => void) {
    this.#send = send;
    this.#tty = request.tty !== null;
    this.#process = start(request);
    const child = this.#process;
    child.once('spawn', () => {
      this.#running = true;
      send(fromInit.started);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#running) return;
      send(fromInit.failed, Buffer.from(failure(request, error).slice(0, 4096)));
      done();
    });
    child.once('exit', (code, signal) => {
      this.#running = false;
      send(fromInit.exit, Buffer.from(JSON.stringify({ code, signal })));
    });
    child.once('close', done);
    child.stdin.on('error', () => {});
    this.#acknowledge = {
      stdout: relay(
        child.stdout,
        (bytes) => send(fromInit.stdout, bytes),
        () => send(fromInit.stdoutEnd),
      ),
      stderr: relay(
        child.stderr,
        (bytes) => send(fromInit.stderr, bytes),
        () => send(fromInit.stderrEnd),
      ),
    };
  }

  write(bytes: Buffer): void {
    // a process that no longer reads still gets its input acknowledged: it is thrown away
    this.#process.stdin.write(bytes, () => this.#send(fromInit.ackStdin, encodeNumber(bytes.length)));
  }

  end(): void {
    this.#process.stdin.end();
  }

  acknowledge(stream: 'stdout' | 'stderr', bytes: number): void {
    this.#acknowledge[stream](bytes);
  }

  resize(size: { cols: number; rows: number }): void {
    if (this.#tty && this.#process.pid !== undefined) resizeTerminal(this.#process.pid, size);
  }

  /** Signals the process and everything that stayed in its group. */
  signal(number: number): void {
    const pid = this.#process.pid;
    const name = signalNames.get(number);
    if (pid === undefined || name === undefined || !this.#running) return;
    const target = this.#tty ? (terminalLeader(pid) ?? pid) : pid;
    try {
      process.kill(-target, number);
    } catch {
      // it is already gone
    }
  }
}

function start(request: StartRequest): ChildProcessWithoutNullStreams {
  if (request.tty !== null) return spawnOnTerminal(request, request.tty);
  const [command = '', ...args] = request.argv;
  return spawn(command, args, { cwd: request.cwd, env: request.env, stdio: 'pipe', detached: true });
}

function failure(request: StartRequest, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') {
    try {
      if (!statSync(request.cwd).isDirectory()) return `${request.cwd}: not a directory`;
    } catch {
      return `${request.cwd}: no such directory`;
    }
  }
  return `${request.argv[0] ?? ''}: ${error.code === 'ENOENT' ? 'not found' : (error.code ?? error.message)}`;
}

function relay(
  source: NodeJS.ReadableStream,
  data: (bytes: Buffer) => void,
  end: () => void,
): (bytes: number) => void {
  let unacknowledged = 0;
  source.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += MAX_CHUNK_BYTES) data(chunk.subarray(at, at + MAX_CHUNK_BYTES));
    unacknowledged += chunk.length;
    if (unacknowledged > WINDOW_BYTES - MAX_CHUNK_BYTES) source.pause();
  });
  source.on('error', () => {});
  source.once('close', end);
  return (bytes) => {
    unacknowledged -= bytes;
    if (unacknowledged <= WINDOW_BYTES - MAX_CHUNK_BYTES) source.resume();
  };
}
