import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { encodeNumber, fromInit, MAX_CHUNK_BYTES, type StartRequest, WINDOW_BYTES } from './frames.ts';
import { makePipes } from './pipes.ts';
import { resizeTerminal, spawnOnTerminal, terminalLeader } from './terminal.ts';

export type Send = (type: number, payload?: Uint8Array) => void;

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** One process that the owner asked for. */
export class Child {
  readonly #process: ChildProcess;
  readonly #stdin: Writable;
  readonly #tty: boolean;
  readonly #send: Send;
  readonly #acknowledge: { stdout: (bytes: number) => void; stderr: (bytes: number) => void };
  #running = false;

  constructor(request: StartRequest, send: Send, done: () => void) {
    this.#send = send;
    this.#tty = request.tty !== null;
    const { child, stdin, stdout, stderr } = start(request);
    this.#process = child;
    this.#stdin = stdin;
    child.once('spawn', () => {
      this.#running = true;
      send(fromInit.started);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#running) return;
      send(fromInit.failed, Buffer.from(failure(request, error).slice(0, 4096)));
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
      done();
    });
    child.once('exit', (code, signal) => {
      this.#running = false;
      send(fromInit.exit, Buffer.from(JSON.stringify({ code, signal })));
    });
    let open = 3;
    const closed = (): void => {
      open -= 1;
      if (open === 0) done();
    };
    child.once('exit', () => {
      stdin.destroy();
      closed();
    });
    for (const stream of [stdout, stderr]) stream.once('close', closed);
    stdin.on('error', () => {});
    this.#acknowledge = {
      stdout: relay(
        stdout,
        (bytes) => send(fromInit.stdout, bytes),
        () => send(fromInit.stdoutEnd),
      ),
      stderr: relay(
        stderr,
        (bytes) => send(fromInit.stderr, bytes),
        () => send(fromInit.stderrEnd),
      ),
    };
  }

  write(bytes: Buffer): void {
    // a process that no longer reads still gets its input acknowledged: it is thrown away
    this.#stdin.write(bytes, () => this.#send(fromInit.ackStdin, encodeNumber(bytes.length)));
  }

  end(): void {
    this.#stdin.end();
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

interface Started {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

function start(request: StartRequest): Started {
  if (request.tty !== null) {
    const child = spawnOnTerminal(request, request.tty);
    return { child, stdin: child.stdin, stdout: child.stdout, stderr: child.stderr };
  }
  const { theirs, ...ours } = makePipes();
  const [command = '', ...args] = request.argv;
  try {
    const child = spawn(command, args, {
      cwd: request.cwd,
      env: request.env,
      stdio: [...theirs],
      detached: true,
    });
    return { child, ...ours };
  } finally {
    for (const fd of theirs) closeSync(fd);
  }
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
