import { BackendError, type SidecarProcess } from '@bot-bottle/backend';
import type { SandboxProcess } from './bwrap/sandbox-process.ts';

/**
 * A sandbox whose first process is the sidecar itself, so that signals reach it.
 *
 * @throws BackendError `launch_failed` with what bubblewrap said
 */
export async function sidecarProcess(sandbox: SandboxProcess): Promise<SidecarProcess> {
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
        process.kill(pid, signal);
      } catch {
        // it ended meanwhile
      }
    },
  };
}
