import { setTimeout as delay } from 'node:timers/promises';
import { BackoffDelay } from './backoff-delay.ts';
import type { Child, ChildExit, ChildSpec, ExitReport, SupervisorOptions } from './contracts.ts';
import { SupervisorError } from './error.ts';
import { prefixLines } from './prefix-lines.ts';

/** How long the output of a dead child may be held open by a descendant, in ms. */
const DRAIN_MS = 1_000;
/** How long a killed process may take to be gone, in ms, before it is given up. */
const KILL_MS = 5_000;
/** What a child that could not be started counts as; sh(1) says the same of a command it cannot run. */
const NOT_STARTED = 126;

interface Life {
  readonly child: Child;
  /** resolves when the process is gone and its descriptors are closed */
  readonly over: Promise<void>;
}

type Hooks = Pick<SupervisorOptions, 'output' | 'onExit' | 'onRestart'> & { readonly graceMs: number };

/** One named child over all of its lives. */
export class SupervisedChild {
  readonly #spec: ChildSpec;
  readonly #hooks: Hooks;
  readonly #shutdown: AbortSignal;
  readonly #backoff: BackoffDelay;
  #life: Life | null = null;
  #lives = 0;
  #lastCode: number | null = null;
  /** whether the end of the current life was asked for */
  #isStopping = false;
  /** ends the wait before the next start */
  #waiting: AbortController | null = null;
  #restart: Promise<boolean> | null = null;
  #starting: Promise<void> | null = null;

  constructor(spec: ChildSpec, hooks: Hooks, backoff: SupervisorOptions['backoff'], shutdown: AbortSignal) {
    this.#spec = spec;
    this.#hooks = hooks;
    this.#shutdown = shutdown;
    this.#backoff = new BackoffDelay(backoff);
  }

  get current(): Child | null {
    return this.#life?.child ?? null;
  }

  /** Exit code of the last life, null when a signal ended it or it never ran. */
  get lastCode(): number | null {
    return this.#lastCode;
  }

  /** First start. Rejects with `SupervisorError` (`start_failed`). */
  async start(): Promise<void> {
    try {
      await this.#begin();
    } catch (error) {
      this.#lastCode = NOT_STARTED;
      throw new SupervisorError('start_failed', `${this.#spec.name} could not be started`, {
        data: { name: this.#spec.name },
        cause: error,
      });
    }
  }

  /** Requests that come while one waits or works are answered with it. */
  restart(): Promise<boolean> {
    this.#restart ??= this.#doRestart().finally(() => {
      this.#restart = null;
    });
    return this.#restart;
  }

  signal(signal: NodeJS.Signals): void {
    this.#life?.child.kill(signal);
  }

  /** Ends the current life, if any: SIGTERM, the grace time, SIGKILL. */
  async stop(): Promise<void> {
    // A start that hangs must not keep the others from being stopped; if it succeeds later, it is stopped then.
    if (this.#starting !== null) await within(this.#starting, this.#hooks.graceMs);
    this.#waiting?.abort();
    const life = this.#life;
    if (life === null) return;
    this.#isStopping = true;
    life.child.kill('SIGTERM');
    if (!(await within(life.child.exited, this.#hooks.graceMs))) {
      this.#log('still runs, killing it');
      life.child.kill('SIGKILL');
    }
    if (!(await within(life.over, KILL_MS))) this.#log('does not go away, giving it up');
  }

  async #doRestart(): Promise<boolean> {
    // One turn, so that requests made together are one restart.
    await Promise.resolve();
    if (this.#shutdown.aborted) return false;
    await this.stop();
    if (this.#shutdown.aborted) return false;
    try {
      await this.#begin();
      return true;
    } catch {
      this.#failedToStart();
      return true;
    }
  }

  #begin(): Promise<void> {
    this.#starting ??= this.#beginOnce().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #beginOnce(): Promise<void> {
    if (this.#life !== null) return;
    this.#shutdown.throwIfAborted();
    const child = await this.#spec.start(this.#shutdown);
    this.#isStopping = false;
    this.#lives += 1;
    this.#life = { child, over: this.#watch(child) };
    if (this.#shutdown.aborted) void this.stop();
    else if (this.#lives > 1) this.#report(() => this.#hooks.onRestart?.(this.#spec.name, child));
  }

  async #watch(child: Child): Promise<void> {
    const startedAt = performance.now();
    // Before anything else: a child that dies must not end this process through an unhandled stream error.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.on('error', () => undefined);
    const captured = (this.#spec.capture ?? ['stdout', 'stderr']).flatMap((name) => child[name] ?? []);
    const lines = captured.map((stream) =>
      prefixLines(stream, `[${this.#spec.name}] `, this.#hooks.output).catch(() => undefined),
    );
    const exit = await child.exited;
    await within(Promise.all(lines), DRAIN_MS);
    child.stdin?.destroy();
    for (const stream of captured) stream.destroy();
    this.#life = null;
    this.#lastCode = exit.code;
    this.#ended(exit, performance.now() - startedAt);
  }

  #ended(exit: ChildExit, livedMs: number): void {
    // One that was given up and dies after its restart was answered has nobody left who would start it.
    const expected = this.#shutdown.aborted || (this.#isStopping && this.#restart !== null);
    const restartInMs = expected ? null : this.#backoff.next(livedMs);
    const report: ExitReport = { name: this.#spec.name, ...exit, expected, restartInMs };
    const how = exit.signal === null ? `with code ${exit.code ?? 'unknown'}` : `by ${exit.signal}`;
    const then = restartInMs === null ? '' : `, restarting in ${restartInMs} ms`;
    this.#log(`exited ${how}${then}`);
    this.#report(() => this.#hooks.onExit?.(report));
    if (restartInMs !== null) void this.#later(restartInMs);
  }

  async #later(ms: number): Promise<void> {
    const waiting = new AbortController();
    this.#waiting = waiting;
    try {
      await delay(ms, undefined, { signal: AbortSignal.any([waiting.signal, this.#shutdown]) });
    } catch {
      return;
    } finally {
      if (this.#waiting === waiting) this.#waiting = null;
    }
    try {
      await this.#begin();
    } catch {
      this.#failedToStart();
    }
  }

  /** A start that failed is treated like a life that ended at once. */
  #failedToStart(): void {
    if (this.#shutdown.aborted) return;
    this.#lastCode = NOT_STARTED;
    const ms = this.#backoff.next(0);
    this.#log(`could not be started, trying again in ${ms} ms`);
    void this.#later(ms);
  }

  #log(text: string): void {
    this.#report(() => this.#hooks.output(`[supervisor] ${this.#spec.name} ${text}`));
  }

  /** What an observer throws must not stop the supervision. */
  #report(call: () => void | Promise<void>): void {
    void (async () => call())().catch(() => undefined);
  }
}

/** Whether the work is over, however it ended, within the time. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const done = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    timer.abort();
  }
}
