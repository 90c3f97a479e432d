import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Notification } from './notification.ts';
import { errnoOf, NotifyFailure } from './notify-failure.ts';

/** Whatever else the operator's environment holds, tokens first of all, is no business of a notification. */
const passedOn = [
  'PATH',
  'HOME',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'LANG',
] as const;

export function notifyEnvironment(from: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    passedOn.flatMap((name) => {
      const value = from[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * Runs a command with the notification as JSON on its stdin; aborting kills it with all its processes.
 *
 * @throws NotifyFailure
 */
export async function runCommand(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  notification: Notification,
  signal: AbortSignal,
): Promise<void> {
  const child = start(argv, environment);
  const kill = (): void => killGroup(child.pid);
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    // It may well end, or close its stdin, without reading.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${JSON.stringify(notification)}\n`);
    await once(child, 'exit');
  } catch (error) {
    throw new NotifyFailure(`notify.command cannot be started (${errnoOf(error)})`);
  } finally {
    signal.removeEventListener('abort', kill);
    child.stdin?.destroy();
  }
  if (child.exitCode === 0 || signal.aborted) return;
  const how = child.exitCode === null ? (child.signalCode ?? 'a signal') : `exit code ${child.exitCode}`;
  throw new NotifyFailure(`notify.command ended with ${how}`);
}

function start([program = '', ...args]: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess {
  try {
    return spawn(program, args, {
      // The operator may stand in a hostile repository.
      cwd: '/',
      env: notifyEnvironment(environment),
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
  } catch (error) {
    throw new NotifyFailure(`notify.command cannot be started (${errnoOf(error)})`);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // nothing of it is left
  }
}
