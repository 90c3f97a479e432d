import { visibleLine } from '@bot-bottle/audit';
import { LauncherChannel, ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import type { BottleHost, SidecarProcess, SidecarSpec } from '../contracts.ts';
import { BackendError } from '../errors.ts';
import { BoundedLog } from './bounded-log.ts';
import type { SidecarSetup } from './egress-config.ts';
import { LogLines } from './log-lines.ts';

export interface SidecarHostOptions {
  readonly host: Pick<BottleHost, 'startSidecar'>;
  readonly spec: SidecarSpec;
  readonly setup: SidecarSetup;
  /** Writes events of the sidecar, hostile and unvalidated. */
  readonly onAudit: (events: unknown[]) => Promise<void>;
  /** where its stderr goes */
  readonly logFile: string;
  readonly onWarning: (message: string) => void;
  /** milliseconds until it must serve, default 15 000 */
  readonly readyTimeoutMs?: number;
  /** first pause before a restart in milliseconds, doubled up to 100 times; default 100 */
  readonly backoffMs?: number;
  /** milliseconds to drain before it is killed, default 8000 */
  readonly graceMs?: number;
}

export interface RunningSidecar {
  /** how often it was started anew */
  readonly restarts: number;
  /** Lets it drain, then kills it. */
  close(): Promise<void>;
}

interface Life {
  readonly process: SidecarProcess;
  readonly channel: LauncherChannel;
  readonly startedAt: number;
}

/**
 * Starts a sidecar, configures it, and keeps it running: one that died is started anew and gets everything again; until
 * then its port refuses.
 *
 * @throws BackendError `sidecar_failed` when its first life does not come to serve
 */
export async function runSidecar(options: SidecarHostOptions): Promise<RunningSidecar> {
  const keeper = new SidecarKeeper(options);
  await keeper.start();
  return keeper;
}

class SidecarKeeper implements RunningSidecar {
  restarts = 0;
  readonly #options: SidecarHostOptions;
  readonly #log: BoundedLog;
  readonly #abort = new AbortController();
  #life: Life | null = null;
  #keeping: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(options: SidecarHostOptions) {
    this.#options = options;
    this.#log = new BoundedLog(options.logFile);
  }

  async start(): Promise<void> {
    try {
      this.#life = await this.#begin();
    } catch (error) {
      this.#log.close();
      throw error;
    }
    this.#keeping = this.#keep();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    await this.#keeping;
    if (this.#life !== null) await endLife(this.#life, this.#options.graceMs ?? 8000);
    this.#log.close();
  }

  async #begin(): Promise<Life> {
    const { host, spec, setup } = this.#options;
    const process = await host.startSidecar(spec);
    const lines = new LogLines((line) => this.#log.line(line));
    process.stderr.on('data', (chunk: Buffer) => lines.push(chunk));
    process.stderr.on('error', () => undefined);
    process.exited.catch(() => undefined);
    const channel = new LauncherChannel({
      stdin: process.stdin,
      stdout: process.stdout,
      onAudit: (events) => this.#options.onAudit(events),
    });
    const life: Life = { process, channel, startedAt: performance.now() };
    try {
      await channel.configure(setup.config, setup.secrets, {
        timeoutMs: this.#options.readyTimeoutMs ?? 15_000,
      });
      return life;
    } catch (error) {
      await endLife(life, 200);
      throw notServing(spec.name, error, lines.last());
    }
  }

  async #keep(): Promise<void> {
    const { spec, onWarning, backoffMs = 100 } = this.#options;
    let pause = backoffMs;
    for (;;) {
      const life = this.#life;
      if (life !== null) {
        const how = await this.#end(life);
        if (how === null) return;
        this.#life = null;
        onWarning(`the sidecar ${spec.name} ${how}; it is started again`);
        // Whoever worked for a while starts over with a short pause.
        if (performance.now() - life.startedAt > 60_000) pause = backoffMs;
      }
      if (!(await wait(pause, this.#abort.signal))) return;
      pause = Math.min(pause * 2, backoffMs * 100);
      try {
        this.#life = await this.#begin();
        this.restarts += 1;
        onWarning(`the sidecar ${spec.name} serves again`);
      } catch (error) {
        onWarning(error instanceof Error ? error.message : `the sidecar ${spec.name} does not start`);
      }
    }
  }

  /** Waits for the end of a life; null when it is the owner who ends it. */
  async #end(life: Life): Promise<string | null> {
    const { promise: aborted, resolve } = Promise.withResolvers<null>();
    const onAbort = (): void => resolve(null);
    if (this.#abort.signal.aborted) return null;
    this.#abort.signal.addEventListener('abort', onAbort, { once: true });
    const exited = life.process.exited.then(
      ({ code, signal }) => `ended (${signal ?? `exit code ${code ?? '?'}`})`,
      () => 'ended',
    );
    const broke = life.channel.closed.then(async (error) => {
      if (error === null) return await exited;
      await endLife(life, 0);
      return `broke the protocol (${error.code})`;
    });
    try {
      return await Promise.race([aborted, exited, broke]);
    } finally {
      this.#abort.signal.removeEventListener('abort', onAbort);
    }
  }
}

async function endLife(life: Life, graceMs: number): Promise<void> {
  life.channel.close();
  const timer = setTimeout(() => life.process.kill('SIGKILL'), graceMs);
  await life.process.exited.catch(() => undefined);
  clearTimeout(timer);
  // What it reported last is still written; a broken channel has nothing more to give.
  await life.channel.closed;
}

async function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), ms);
  signal.addEventListener('abort', () => resolve(false), { once: true });
  const result = await promise;
  clearTimeout(timer);
  return result;
}

function notServing(name: string, cause: unknown, stderr: readonly string[]): BackendError {
  const said = stderr.map((line) => visibleLine(line, 500));
  if (ProtocolRefusal.isInstance(cause)) {
    const problems = [cause.message, ...cause.problems].map((problem) => visibleLine(problem, 500));
    return new BackendError(
      'sidecar_failed',
      `the sidecar ${name} refused its configuration: ${problems.join('; ')}`,
      {
        data: { stderr: said },
      },
    );
  }
  const why = cause instanceof Error ? visibleLine(cause.message, 500) : 'unknown failure';
  return new BackendError('sidecar_failed', `the sidecar ${name} did not come to serve: ${why}`, {
    hint: said.length === 0 ? null : `it said: ${said.join(' | ')}`,
    data: { stderr: said },
    cause,
  });
}
