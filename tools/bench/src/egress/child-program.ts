import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The proxy under test has one core, everything else the other, so that no peer gains from a bigger machine. */
export type Core = 0 | 1;

export function pinned(core: Core, argv: readonly string[]): string[] {
  return existsSync('/usr/bin/taskset') ? ['/usr/bin/taskset', '-c', String(core), ...argv] : [...argv];
}

/** Runs one of this folder's programs: the request goes in as JSON on stdin, JSON lines come out. */
export class ChildProgram {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(file: string, request: unknown, core: Core = 1) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const [program = '', ...args] = pinned(core, [process.execPath, '--conditions=@bot-bottle/source', path]);
    this.process = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.stdin?.write(`${JSON.stringify(request)}\n`);
    if (this.process.stdout === null) throw new Error('no stdout');
    this.#lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  async next(): Promise<Record<string, number>> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('a benchmark program ended early');
    return JSON.parse(line.value) as Record<string, number>;
  }

  stop(): Promise<void> {
    return stopChild(this.process);
  }
}

/** Ends a process by its own handle and waits. */
export function stopChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

/** The request that the parent wrote as the first line of stdin; the end of stdin is the end of the program. */
export function readRequest<T>(): Promise<T> {
  return new Promise((resolve) => {
    createInterface({ input: process.stdin })
      .once('line', (line) => resolve(JSON.parse(line) as T))
      .once('close', () => process.exit(0));
  });
}
