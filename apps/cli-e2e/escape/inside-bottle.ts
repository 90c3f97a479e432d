import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Step } from './step.ts';

/** Longest wait for a step beyond its own limit: the bottle ended, or is stuck. */
const SLACK_MS = 30_000;

/** Speaks to the driver that runs in the bottle: one step after the other. */
export class InsideBottle {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #stderr = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    if (child.stdout === null) throw new Error('the launcher has no stdout');
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** What the launcher printed as messages. */
  said(): string {
    return this.#stderr;
  }

  hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resolves when the driver runs. */
  async ready(limitMs: number): Promise<void> {
    const line = await this.#line(limitMs);
    if (line !== 'ready') throw new Error(`the driver said "${line}": ${this.#stderr}`);
  }

  /** What the attacker sees of this step. */
  async run(step: Step): Promise<string> {
    this.#child.stdin?.write(`${JSON.stringify(step)}\n`);
    const { out } = JSON.parse(await this.#line((step.limitMs ?? 30_000) + SLACK_MS)) as { out: string };
    return out;
  }

  async #line(limitMs: number): Promise<string> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`the driver said nothing for ${limitMs} ms: ${this.#stderr}`)),
      limitMs,
    );
    try {
      const next = await Promise.race([this.#lines.next(), late]);
      if (next.done === true) throw new Error(`the bottle ended: ${this.#stderr}`);
      return next.value;
    } finally {
      clearTimeout(timer);
    }
  }
}
