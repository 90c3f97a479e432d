import { BackendError, type BottleProcess, type ExitStatus, type SpawnOptions } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import type { Duplex, Readable } from 'node:stream';
import { agentUser } from '../containers/agent-options.ts';
import type { BottleEvents } from '../engine/bottle-events.ts';
import { engineError } from '../engine/engine-error.ts';
import { within } from '../engine/within.ts';
import { demultiplex, singleOutput } from '../streams/demultiplex.ts';
import { standardInput } from '../streams/standard-input.ts';
import { firstLine } from './first-line.ts';
import { killScript, startScript } from './start-script.ts';

/** milliseconds until a process must have begun */
const beginMs = 30_000;

export interface ExecPlace {
  readonly container: Dockerode.Container;
  readonly events: BottleEvents;
  /** resolves when the container ended */
  readonly ended: Promise<unknown>;
}

export interface ExecRequest extends Required<Pick<SpawnOptions, 'env' | 'cwd' | 'tty'>> {
  readonly argv: readonly string[];
}

/**
 * Starts a program in a container as the agent's user.
 *
 * @throws BackendError `exec_failed`, with `data.exitCode` 126 or 127 as a shell has it
 */
export async function startProcess(place: ExecPlace, request: ExecRequest): Promise<BottleProcess> {
  const { argv, env, cwd, tty } = request;
  const { cols, rows } = tty ?? { cols: 0, rows: 0 };
  const begin = async (): Promise<{ exec: Dockerode.Exec; socket: Duplex }> => {
    const exec = await place.container.exec({
      Cmd: ['/bin/sh', '-c', startScript, 'sh', cwd, String(cols), String(rows), ...argv],
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      User: agentUser,
      WorkingDir: '/',
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty !== null,
    });
    return { exec, socket: await exec.start({ hijack: true, stdin: true, Tty: tty !== null }) };
  };
  const { exec, socket } = await within('starting a program', begin(), beginMs).catch((error: unknown) => {
    throw engineError('exec_failed', `${argv[0] ?? ''} cannot be started`, error);
  });
  const hasEnded = async (): Promise<boolean> =>
    !(await within('looking at a program', exec.inspect())).Running;
  const { stdout, stderr } = tty === null ? demultiplex(socket, hasEnded) : singleOutput(socket, hasEnded);
  if (tty !== null) stderr.push(null);
  const exited = exitOf(place, exec, socket);
  const pid = await within('starting a program', firstLine(stdout), beginMs).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  if (pid === null || !/^\d+$/.test(pid)) {
    socket.destroy();
    throw notStarted(pid, request, await firstWords(stderr));
  }
  const stdin = standardInput(socket);
  let isOver = false;
  void exited.then(() => {
    isOver = true;
    // Nobody takes the rest, and a writer must not wait for it.
    stdin.destroy();
  });
  return {
    stdin,
    stdout,
    stderr,
    exited,
    resize: (size) => {
      if (!isOver) void exec.resize({ h: size.rows, w: size.cols }).catch(() => undefined);
    },
    kill: (signal) => {
      if (!isOver) void sendSignal(place.container, signal, pid).catch(() => undefined);
    },
  };
}

/** The engine's own call for it does not exist: a process of the same user sends the signal. */
async function sendSignal(
  container: Dockerode.Container,
  signal: NodeJS.Signals,
  pid: string,
): Promise<void> {
  const exec = await container.exec({
    Cmd: ['/bin/sh', '-c', killScript, 'sh', signal.replace(/^SIG/, ''), pid],
    User: agentUser,
    WorkingDir: '/',
  });
  await exec.start({ Detach: true });
}

/** Whatever tells it first: the engine's event, its answer when the output ended, or the end of the container. */
async function exitOf(
  { events, ended }: ExecPlace,
  exec: Dockerode.Exec,
  socket: Duplex,
): Promise<ExitStatus> {
  const lost: ExitStatus = { code: null, signal: 'SIGKILL' };
  const told = events.exit(exec.id);
  const { promise: closed, resolve } = Promise.withResolvers<null>();
  socket.once('close', () => resolve(null));
  const code = await Promise.race([told, closed, ended.then(() => null)]);
  if (code !== null) return { code, signal: null };
  try {
    const { ExitCode, Running } = await within('asking how a program ended', exec.inspect());
    if (!Running && typeof ExitCode === 'number') return { code: ExitCode, signal: null };
    // The output ended before the program did.
    const later = await Promise.race([told, ended.then(() => null)]);
    return later === null ? lost : { code: later, signal: null };
  } catch {
    return lost;
  } finally {
    events.forget(exec.id);
  }
}

async function firstWords(stderr: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stderr.iterator({ destroyOnReturn: true })) {
    if (Buffer.isBuffer(chunk)) text += chunk.toString('utf8');
    if (text.length > 500) break;
  }
  return text;
}

function notStarted(said: string | null, { argv, cwd }: ExecRequest, stderr: string): BackendError {
  const name = argv[0] ?? '';
  const failure = (message: string, exitCode: 126 | 127 | null): BackendError =>
    new BackendError('exec_failed', message, { data: exitCode === null ? { stderr } : { exitCode } });
  switch (said ?? '') {
    case '!missing':
      return failure(`${name}: not found`, 127);
    case '!denied':
      return failure(`${name}: EACCES`, 126);
    case '!folder':
      return failure(`${cwd}: no such directory`, 126);
    default:
      return failure(`${name} did not start`, null);
  }
}
