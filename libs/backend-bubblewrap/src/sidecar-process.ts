import { BackendError, type SidecarProcess } from '@bot-bottle/backend';
import { firstChild } from './bwrap/process-table.ts';
import type { SandboxProcess } from './bwrap/sandbox-process.ts';

/**
 * A sandbox whose first process, or that one's first child, is the sidecar.
 *
 * @param isFirst whether the sidecar is the first process
 * @throws BackendError `launch_failed` with what bubblewrap said
 */
export async function sidecarProcess(sandbox: SandboxProcess, isFirst: boolean): Promise<SidecarProcess> {
  const { stdin, stdout, stderr, exited } = sandbox;
  if (stdin === null || stdout === null)
    throw new BackendError('sidecar_failed', 'the sidecar has no control channel');
  stdin.on('error', () => {});
  const { pid } = await sandbox.inner;
  let ended = false;
  // bubblewrap passes a death by signal on as 128 + its number
  const status = exited.then((result) => {
    ended = true;
    return result;
  });
  return {
    stdin,
    stdout,
    stderr,
    pid,
    exited: status,
    kill: (signal) => {
      if (ended) return;
      try {
        // The first process of a namespace takes no signal that it does not wait for, but ends with all others by
        // SIGKILL (pid_namespaces(7)).
        process.kill(isFirst || signal === 'SIGKILL' ? pid : (firstChild(pid) ?? pid), signal);
      } catch {
        // it ended meanwhile
      }
    },
  };
}
