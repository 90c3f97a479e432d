import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { encodeNumber, fromInit, MAX_CHUNK_BYTES, type StartRequest, WINDOW_BYTES } from './frames.ts';
import { makePipes, type Pipes } from './pipes.ts';
import { resizeTerminal, spawnOnTerminal, terminalLeader } from './terminal.ts';

export type Send = (type: number, payload?: Uint8Array) => void;

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** One process that the owner asked for. Orders that come before it runs wait in line. */
export class Child {
  readonly #request: StartRequest;
  readonly #send: Send;
  readonly #done: () => void;
  readonly #started: Promise<Started | null>;
  #running = false;

  constructor(request: StartRequest, send: Send, done: () => void) {
    this.#request = request;
    this.#send = send;
    this.#done = done;
    // spawned and followed in one turn, or its first events would be missed
    this.#started = (request.tty === null ? makePipes() : Promise.resolve(null)).then(
      (pipes) => this.#follow(start(request, pipes)),
      (error: NodeJS.ErrnoException) => {
        this.#fail(error);
        return null;
      },
    );
  }

  #follow({ child, stdin, stdout, stderr }: Omit<Started, 'acknowledge'>): Started {
    child.once('spawn', () => {
      this.#running = true;
      this.#send(fromInit.started);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#running) return;
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
      this.#fail(error);
    });
    let open = 3;
    const closed = (): void => {
      open -= 1;
      if (open === 0) this.#done();
    };
    child.once('exit', (code, signal) => {
      this.#running = false;
      this.#send(fromInit.exit, Buffer.from(JSON.stringify({ code, signal })));
      stdin.destroy();
      closed();
    });
    for (const stream of [stdout, stderr]) stream.once('close', closed);
    stdin.on('error', () => {});
    const acknowledge = {
      stdout: relay(
        stdout,
        (bytes) => this.#send(fromInit.stdout, bytes),
        () => this.#send(fromInit.stdoutEnd),
      ),
      stderr: relay(
        stderr,
        (bytes) => this.#send(fromInit.stderr, bytes),
        () => this.#send(fromInit.stderrEnd),
      ),
    };
    return { child, stdin, stdout, stderr, acknowledge };
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#send(fromInit.failed, Buffer.from(failure(this.#request, error).slice(0, 4096)));
    this.#done();
  }

  #when(order: (started: Started) => void): void {
    void this.#started.then((started) => (started === null ? undefined : order(started)));
  }

  write(bytes: Buffer): void {
    // a process that no longer reads still gets its input acknowledged: it is thrown away
    this.#when(({ stdin }) =>
      stdin.write(bytes, () => this.#send(fromInit.ackStdin, encodeNumber(bytes.length))),
    );
  }

  end(): void {
    this.#when(({ stdin }) => stdin.end());
  }

  acknowledge(stream: 'stdout' | 'stderr', bytes: number): void {
    this.#when(({ acknowledge }) => acknowledge[stream](bytes));
  }

  resize(size: { cols: number; rows: number }): void {
    this.#when(({ child }) => {
      if (this.#request.tty !== null && child.pid !== undefined) resizeTerminal(child.pid, size);
    });
  }

  /** Signals the process and everything that stayed in its group. */
  signal(number: number): void {
    this.#when(({ child: { pid } }) => {
      const name = signalNames.get(number);
      if (pid === undefined || name === undefined || !this.#running) return;
      const target = this.#request.tty === null ? pid : (terminalLeader(pid) ?? pid);
      try {
        process.kill(-target, number);
      } catch {
        // it is already gone
      }
    });
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly acknowledge: { stdout: (bytes: number) => void; stderr: (bytes: number) => void };
}

function start(request: StartRequest, pipes: Pipes | null): Omit<Started, 'acknowledge'> {
  if (pipes === null) {
    const child = spawnOnTerminal(request, request.tty ?? { cols: 80, rows: 24 });
    return { child, stdin: child.stdin, stdout: child.stdout, stderr: child.stderr };
  }
  const { theirs, ...ours } = pipes;
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
