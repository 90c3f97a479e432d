import { visibleLine } from '@bot-bottle/audit';
import { LauncherChannel, ProtocolError, ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import {
  createSupervisor,
  SupervisorError,
  type Child,
  type Supervisor,
} from '@bot-bottle/sidecar-supervisor';
import { guardName, type BottleHost, type SidecarProcess, type SidecarSpec } from '../contracts.ts';
import type { ProposalDesk } from '@bot-bottle/supervise';
import { BackendError } from '../errors.ts';
import { BoundedLog } from './bounded-log.ts';
import type { SidecarSetup } from './egress-config.ts';
import type { LiveRoutes } from './live-routes.ts';
import { answerQuery } from './answer-query.ts';

export interface SidecarHostOptions {
  readonly host: Pick<BottleHost, 'startSidecar'>;
  readonly spec: SidecarSpec;
  /** what each life is configured with */
  readonly setup: () => SidecarSetup;
  /** Writes events of the sidecar, hostile and unvalidated. */
  readonly onAudit: (events: unknown[]) => Promise<void>;
  /** Takes what it proposes and tells it how that was decided; absent: it may propose nothing. */
  readonly desk?: Pick<ProposalDesk, 'connect'>;
  /** routes that it may list; absent: it may not */
  readonly routes?: Pick<LiveRoutes, 'view'>;
  /** where its stderr goes */
  readonly logFile: string;
  readonly onWarning: (message: string) => void;
  /** milliseconds until it must serve, default 15 000 */
  readonly readyTimeoutMs?: number;
  /** first pause before a restart in milliseconds, default 200 */
  readonly backoffMs?: number;
  /** milliseconds to drain before it is killed, default 8000 */
  readonly graceMs?: number;
}

export interface RunningSidecar {
  /**
   * Puts a table into force and resolves with the digest that the sidecar confirms. A sidecar that leaves it open
   * whether it took the table is started anew, with what `setup` gives then.
   *
   * @throws ProtocolRefusal, ProtocolError: the table is not in force
   */
  setTable(table: unknown, signal: AbortSignal): Promise<string | null>;
  /**
   * Replaces secrets, requests in flight keep theirs. A sidecar that leaves it open whether it took them is started anew,
   * with what `setup` gives then.
   *
   * @throws ProtocolRefusal, ProtocolError: they are not in force
   */
  setSecrets(secrets: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  /** Ends it and starts it anew, with what `setup` gives then. Resolves with whether it serves. */
  restart(): Promise<boolean>;
  /** Lets it drain, then kills it; its last events are written. One that does not serve yet is killed at once. */
  close(): Promise<void>;
}

export interface OpenedSidecar extends RunningSidecar {
  /** Resolves when it serves. Rejects with BackendError `sidecar_failed` when its first life does not come to. */
  readonly ready: Promise<void>;
}

const rememberedLines = 5;

/** `openSidecar`, and waits until it serves. */
export async function runSidecar(options: SidecarHostOptions): Promise<RunningSidecar> {
  const sidecar = openSidecar(options);
  await sidecar.ready;
  return sidecar;
}

/**
 * Starts a sidecar, configures it, and keeps it running: one that died or broke the protocol is started anew and gets
 * everything again; until then its port refuses.
 */
export function openSidecar(options: SidecarHostOptions): OpenedSidecar {
  const { spec, onWarning, graceMs = 8000 } = options;
  const log = new BoundedLog(options.logFile);
  const last: string[] = [];
  let channel: LauncherChannel | null = null;
  const supervisor: Supervisor = createSupervisor({
    children: [
      {
        name: spec.name,
        // stdout carries the protocol.
        capture: ['stderr'],
        start: async (signal) => {
          const life = await beginLife(options, signal);
          channel = life.channel;
          void life.channel.closed.then((error) => {
            if (error === null || supervisor.child(spec.name) !== life.child) return;
            onWarning(`the sidecar ${spec.name} broke the protocol (${error.code})`);
            // An ordinary death, unlike a restart, is followed by a pause that grows.
            supervisor.signal(spec.name, 'SIGKILL');
          });
          return life.child;
        },
      },
    ],
    output: (line) => {
      log.line(line);
      last.push(line);
      if (last.length > rememberedLines) last.shift();
    },
    graceMs,
    backoff: { initialMs: options.backoffMs ?? 200 },
    onExit: ({ code, signal, expected, restartInMs }) => {
      if (expected) return;
      const how = signal ?? `exit code ${code ?? 'unknown'}`;
      onWarning(`the sidecar ${spec.name} ended (${how}) and is started again in ${restartInMs ?? 0} ms`);
    },
    onRestart: () => onWarning(`the sidecar ${spec.name} serves again`),
  });
  const ready = supervisor.start().catch((error: unknown) => {
    log.close();
    throw notServing(spec.name, SupervisorError.isInstance(error) ? error.cause : error);
  });
  // told by whoever waits for it
  ready.catch(() => undefined);
  /** Asks the sidecar that runs; whether one that gave no answer did what it was told is not known. */
  const tell = async <T>(ask: (to: LauncherChannel) => Promise<T>): Promise<T> => {
    if (channel === null || supervisor.child(spec.name) === null)
      throw new ProtocolError('closed', `the sidecar ${spec.name} does not run at the moment`);
    try {
      return await ask(channel);
    } catch (error) {
      if (!ProtocolRefusal.isInstance(error)) supervisor.signal(spec.name, 'SIGKILL');
      throw error;
    }
  };
  return {
    ready,
    setTable: (table, signal) => tell((to) => to.setTable(table, { signal })),
    setSecrets: async (secrets, signal) => {
      await tell((to) => to.setSecrets(secrets, { signal }));
    },
    restart: async () => (await supervisor.restart(spec.name)) && supervisor.child(spec.name) !== null,
    close: async () => {
      await supervisor.shutdown();
      const open: LauncherChannel | null = channel;
      await open?.closed;
      log.close();
    },
  };
}

async function beginLife(
  options: SidecarHostOptions,
  signal: AbortSignal,
): Promise<{ readonly child: Child; readonly channel: LauncherChannel }> {
  const { host, spec } = options;
  const process = await host.startSidecar(spec, signal);
  const said = firstWords(process);
  const exited = process.exited.catch(() => ({ code: null, signal: null }));
  // the guard asks nobody anything
  const desk = spec.name === guardName ? undefined : options.desk?.connect.bind(options.desk, spec.name);
  const source = desk?.((decision, limits) => channel.decide(decision, limits));
  const channel = new LauncherChannel({
    stdin: process.stdin,
    stdout: process.stdout,
    onAudit: (events) => options.onAudit(events),
    ...(source === undefined ? {} : { onProposal: (proposal) => source.propose(proposal) }),
    ...(source === undefined || options.routes === undefined
      ? {}
      : { onQuery: answerQuery(source, options.routes) }),
  });
  void channel.closed.then(() => source?.gone());
  try {
    const setup = options.setup();
    await channel.configure(setup.config, setup.secrets, {
      timeoutMs: options.readyTimeoutMs ?? 15_000,
      signal,
    });
  } catch (error) {
    channel.close();
    process.kill('SIGKILL');
    await exited;
    throw withStderr(error, said.stop());
  }
  said.stop();
  const { stdin, stdout, stderr, pid } = process;
  const child: Child = { stdin, stdout, stderr, pid, exited, kill: (name) => process.kill(name) };
  return { child, channel };
}

/** Collects what a sidecar says before it serves; put back when it does, so that the log has it too. */
function firstWords({ stderr }: SidecarProcess): { stop(): string } {
  const chunks: Buffer[] = [];
  const onData = (chunk: Buffer): void => {
    if (chunks.length < 64) chunks.push(chunk);
  };
  stderr.on('error', () => undefined);
  stderr.on('data', onData);
  return {
    stop: () => {
      stderr.off('data', onData);
      stderr.pause();
      const text = Buffer.concat(chunks);
      if (text.length > 0 && !stderr.destroyed && !stderr.readableEnded) stderr.unshift(text);
      return text.toString('utf8');
    },
  };
}

/** What a first life failed with, beside what it said on stderr. */
class NotServing extends Error {
  override readonly name = 'NotServing';
  readonly stderr: string;

  constructor(cause: unknown, stderr: string) {
    super('the sidecar did not come to serve', { cause });
    this.stderr = stderr;
  }
}

const withStderr = (cause: unknown, stderr: string): NotServing => new NotServing(cause, stderr);

function notServing(name: string, error: unknown): BackendError {
  const cause = error instanceof NotServing ? error.cause : error;
  const lines = error instanceof NotServing ? error.stderr.trim().split('\n').slice(-rememberedLines) : [];
  const said = lines.map((line) => visibleLine(line, 500)).filter((line) => line !== '');
  const hint = said.length === 0 ? null : `it said: ${said.join(' | ')}`;
  if (ProtocolRefusal.isInstance(cause)) {
    const problems = [cause.message, ...cause.problems]
      .map((problem) => visibleLine(problem, 500))
      .join('; ');
    return new BackendError('sidecar_failed', `the sidecar ${name} refused its configuration: ${problems}`, {
      hint,
    });
  }
  const why = cause instanceof Error ? visibleLine(cause.message, 500) : 'unknown failure';
  return new BackendError('sidecar_failed', `the sidecar ${name} did not come to serve: ${why}`, {
    hint,
    cause,
  });
}
