import { setTimeout as delay } from 'node:timers/promises';
import type { AuditLog } from '@bot-bottle/audit';
import type { ProposalDesk } from '@bot-bottle/supervise';
import type { Bottle, BottleProcess, ExitStatus } from '../contracts.ts';
import { BackendError } from '../errors.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { ResumedState } from '../state/resumed-state.ts';
import { StateStore } from '../state/state-store.ts';
import { timed, type OnStep } from '../step.ts';
import type { BottleStatus } from './control-messages.ts';
import { ControlServer, type ExecRequest } from './control-server.ts';
import type { DeployKeys } from './deploy-keys.ts';
import { OwnerError } from './errors.ts';
import { MainProcess } from './main-process.ts';
import { hostEvent } from './owner-audit.ts';
import type { LiveRoutes } from './live-routes.ts';
import { editRoutes } from './operator-edit.ts';
import type { Rebuild } from './rebuild.ts';
import { relayMain, type MainStdio } from './relay-main.ts';
import type { UndoStack } from './undo-stack.ts';

export interface OwnedParts {
  readonly plan: BottlePlan;
  readonly audit: AuditLog;
  readonly undo: UndoStack;
  readonly bottle: Bottle;
  /** null: a new bottle */
  readonly resumed: ResumedState | null;
  readonly deployKeys: Pick<DeployKeys, 'hasLeft'>;
  readonly desk: Pick<ProposalDesk, 'list' | 'decide'>;
  readonly routes: LiveRoutes;
  readonly rebuild: Pick<Rebuild, 'recorded'>;
  /** environment of every process in the bottle */
  readonly env: Readonly<Record<string, string>>;
  readonly runtimeDir: string;
  readonly onWarning?: (message: string) => void;
  readonly onStep?: OnStep;
}

/** A bottle that runs, held by the process that owns it. */
export class LaunchedBottle {
  readonly identity: string;
  readonly bottle: Bottle;
  readonly #parts: OwnedParts;
  /** resolves when nothing of the bottle is left but the control socket */
  readonly #undone = Promise.withResolvers<void>();
  readonly #started = Promise.withResolvers<void>();
  #main: MainProcess | null = null;
  /** the agent's program failed by itself */
  #failed = false;
  #server: ControlServer | null = null;
  #stage: BottleStatus['state'] = 'starting';
  #stopped = false;
  #rebuilt = false;
  #closing: Promise<readonly string[]> | null = null;

  private constructor(parts: OwnedParts) {
    this.#parts = parts;
    this.identity = parts.plan.identity;
    this.bottle = parts.bottle;
  }

  /** Opens the control socket; from then on others can reach the bottle. */
  static async open(parts: OwnedParts): Promise<LaunchedBottle> {
    const launched = new LaunchedBottle(parts);
    launched.#server = await ControlServer.listen({
      runtimeDir: parts.runtimeDir,
      identity: parts.plan.identity,
      handlers: {
        status: () => launched.status(),
        exec: (request) => launched.#exec(request),
        main: () => launched.#main,
        onAttach: () => launched.#record(hostEvent('attach', 'done', launched.identity)),
        stop: () => launched.#stop(),
        appendAudit: (events) => parts.audit.append([...events]),
        proposals: () => parts.desk.list(),
        decide: (request) => parts.desk.decide(request),
        routes: () => parts.routes.view,
        setRoutes: (request) => editRoutes(parts, request),
      },
    });
    void parts.rebuild.recorded.then(() => launched.#endRebuilt());
    return launched;
  }

  /** Resolves when the agent's program runs. */
  get mainStarted(): Promise<void> {
    return this.#started.promise;
  }

  /** whether somebody asked over the socket to end the bottle */
  get wasStopped(): boolean {
    return this.#stopped;
  }

  /** whether it ends, or ended, because it goes on in another image */
  get wasRebuilt(): boolean {
    return this.#rebuilt;
  }

  /** After `close`: whether a deploy key may still be registered. The exit code must not be 0 then. */
  get hasLeftDeployKeys(): boolean {
    return this.#parts.deployKeys.hasLeft;
  }

  /** After `close`: whether the state is there to be resumed. */
  async isKept(): Promise<boolean> {
    return await new StateStore(this.#parts.plan.botBottleHome).isPreserved(this.identity);
  }

  /** environment of every process in the bottle */
  get env(): Readonly<Record<string, string>> {
    return this.#parts.env;
  }

  status(): BottleStatus {
    const { plan } = this.#parts;
    return {
      identity: plan.identity,
      home: plan.botBottleHome,
      agent: plan.agent.name,
      bottle: plan.agent.bottle.name,
      backend: plan.backend.name,
      label: plan.label,
      started_at: plan.startedAt,
      owner_pid: process.pid,
      state: this.#stage,
      tty: this.#main?.tty ?? false,
    };
  }

  /**
   * Runs the agent's program on the given stdio to its end.
   *
   * @throws BackendError `exec_failed` when it cannot be started; `shellExitCode` tells as what
   */
  async runMain(stdio: MainStdio): Promise<ExitStatus> {
    const { plan, bottle, env, onStep } = this.#parts;
    const child = await timed(onStep, 'start of the program', () =>
      inTime(bottle.spawn(plan.argv, { env, cwd: plan.workdir, tty: stdio.tty })),
    );
    const main = new MainProcess(child, stdio.tty !== null);
    this.#main = main;
    this.#parts.resumed?.up();
    this.#started.resolve();
    if (this.#stage === 'starting') this.#stage = 'running';
    const ended = bottle.exited.then((): ExitStatus => ({ code: null, signal: 'SIGKILL' }));
    ended.catch(() => undefined);
    const status = await relayMain(main, plan.stdin, stdio, ended);
    this.#failed = status.code !== 0;
    if (wasKilled(status) && this.#closing === null && (await endsSoon(bottle)))
      this.#parts.onWarning?.(
        `${this.identity}: the bottle ended from outside, with everything that ran in it: it was killed, or what runs it stopped`,
      );
    this.#record(hostEvent('exit', 'done', this.identity, { code: status.code, signal: status.signal }));
    return status;
  }

  /**
   * Ends the bottle and undoes the launch. Never throws.
   *
   * @returns warnings about what could not be undone
   */
  close(): Promise<readonly string[]> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Keeps the state folder after the end, with the reason. */
  async preserve(reason: string): Promise<void> {
    await new StateStore(this.#parts.plan.botBottleHome).preserve(this.identity, reason);
  }

  async #close(): Promise<readonly string[]> {
    this.#stage = 'stopping';
    this.#record(hostEvent('stop', 'done', this.identity, { requested: this.#stopped }));
    // Before anything of the state is removed: an end that was asked for is a normal one.
    await this.#parts.resumed
      ?.end(this.#main !== null && !this.#failed && !this.#rebuilt)
      .catch(() => undefined);
    const warnings = await this.#parts.undo.run();
    await this.#server?.hide();
    // Those who asked for the end get their answer before the socket closes.
    this.#undone.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    await this.#server?.close();
    return warnings.map((warning) => `${this.identity}: ${warning}`);
  }

  /** The agent gets the answer to its question, then the request to end, then its bottle is taken away. */
  async #endRebuilt(): Promise<void> {
    this.#rebuilt = true;
    if (this.#closing !== null) return;
    this.#parts.onWarning?.(
      `${this.identity}: its new image is built; it ends now, and bot-bottle resume ${this.identity} goes on in it`,
    );
    await delay(rebuiltGraceMs);
    this.#main?.kill('SIGTERM');
    await Promise.race([this.#main?.exited.catch(() => undefined), delay(rebuiltGraceMs)]);
    await this.close();
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    void this.close();
    await this.#undone.promise;
    if (this.hasLeftDeployKeys) {
      throw new OwnerError('failed', `${this.identity} has ended, but a deploy key may still be registered`, {
        hint: 'bot-bottle cleanup revokes it',
      });
    }
  }

  async #exec(request: ExecRequest): Promise<BottleProcess> {
    if (this.#stage === 'stopping') throw new OwnerError('stopping', `${this.identity} is being stopped`);
    const { plan, bottle, env } = this.#parts;
    // Arguments may hold anything, so only the program is named.
    await this.#parts.audit.append([
      hostEvent('exec', 'done', request.argv[0] ?? '', { arguments: request.argv.length - 1 }),
    ]);
    const child = bottle.spawn(request.argv, {
      env: request.term === null ? env : { ...env, TERM: request.term },
      cwd: request.cwd ?? plan.workdir,
      tty: request.tty,
    });
    return await inTime(child);
  }

  #record(event: Parameters<AuditLog['append']>[0][number]): void {
    this.#parts.audit.append([event]).catch(() => {
      this.#parts.onWarning?.(`${this.identity}: the audit log could not be written`);
    });
  }
}

/** milliseconds for the answer to reach the agent, and again for the agent to end by itself */
const rebuiltGraceMs = 2000;

/** A program that is killed may be so with all of its bottle, whose end is told a moment later. */
const wasKilled = ({ code, signal }: ExitStatus): boolean => signal === 'SIGKILL' || code === 137;

const endOfBottleMs = 2000;

async function endsSoon({ exited }: Bottle): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), endOfBottleMs);
  exited.then(
    () => resolve(true),
    () => resolve(true),
  );
  const hasEnded = await promise;
  clearTimeout(timer);
  return hasEnded;
}

/** milliseconds that a program gets to start */
const startLimitMs = 30_000;

async function inTime(starting: Promise<BottleProcess>): Promise<BottleProcess> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new BackendError('exec_failed', `the program did not start within ${startLimitMs / 1000} s`));
    // Nobody waits for it any more.
    starting.then(
      (child) => child.kill('SIGKILL'),
      () => undefined,
    );
  }, startLimitMs);
  try {
    return await Promise.race([starting, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
