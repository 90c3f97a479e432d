import type { BottleProcess, ExitStatus, TerminalSize } from '../contracts.ts';
import { drainAfterExit } from './drain-after-exit.ts';
import { HistoryRing } from './history-ring.ts';

export type OutputName = 'stdout' | 'stderr';

/** Somebody who sees what the agent's program prints. */
export interface OutputViewer {
  /** @returns false when it cannot take more for now */
  write(output: OutputName, chunk: Buffer): boolean;
  /** Resolves when it can take more, or is gone. */
  drained(): Promise<void>;
  /** whether the program waits for it; any other one that is too slow is let go */
  readonly essential: boolean;
  /** called once when a viewer that is not essential fell behind */
  fellBehind(): void;
}

/** The agent's program, shared by the launcher's terminal and by everybody who attached. */
export class MainProcess {
  readonly tty: boolean;
  /** Resolves after the last output was passed on. */
  readonly exited: Promise<ExitStatus>;
  readonly #process: BottleProcess;
  readonly #history = new HistoryRing();
  readonly #viewers = new Set<OutputViewer>();
  #blocked = 0;

  constructor(process: BottleProcess, tty: boolean) {
    this.#process = process;
    this.tty = tty;
    process.stdout.on('data', (chunk: Buffer) => this.#pass('stdout', chunk));
    process.stderr.on('data', (chunk: Buffer) => this.#pass('stderr', chunk));
    for (const stream of [process.stdout, process.stderr, process.stdin]) stream.on('error', () => undefined);
    this.exited = this.#untilDrained();
    this.exited.catch(() => undefined);
  }

  get stdin(): BottleProcess['stdin'] {
    return this.#process.stdin;
  }

  /** Shows the history and then everything new, until the returned function is called. */
  view(viewer: OutputViewer): () => void {
    const history = this.#history.contents();
    if (history.length > 0) viewer.write('stdout', history);
    this.#viewers.add(viewer);
    return () => {
      this.#viewers.delete(viewer);
    };
  }

  resize(size: TerminalSize): void {
    if (this.tty) this.#process.resize(size);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  #pass(output: OutputName, chunk: Buffer): void {
    this.#history.push(chunk);
    for (const viewer of this.#viewers) {
      if (viewer.write(output, chunk)) continue;
      if (viewer.essential) void this.#waitFor(viewer);
      else if (this.#viewers.delete(viewer)) viewer.fellBehind();
    }
  }

  async #waitFor(viewer: OutputViewer): Promise<void> {
    this.#blocked += 1;
    this.#process.stdout.pause();
    this.#process.stderr.pause();
    try {
      await viewer.drained();
    } finally {
      this.#blocked -= 1;
      if (this.#blocked === 0) {
        this.#process.stdout.resume();
        this.#process.stderr.resume();
      }
    }
  }

  async #untilDrained(): Promise<ExitStatus> {
    const status = await this.#process.exited;
    await drainAfterExit([this.#process.stdout, this.#process.stderr], () => this.#blocked > 0);
    return status;
  }
}
