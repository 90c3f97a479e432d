import type { SidecarProcess } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import type { Duplex } from 'node:stream';
import { containerExit } from '../engine/container-exit.ts';
import { engineError } from '../engine/engine-error.ts';
import { within } from '../engine/within.ts';
import { demultiplex } from '../streams/demultiplex.ts';
import { standardInput } from '../streams/standard-input.ts';

/**
 * Starts a sidecar's container with its streams attached, so that not a byte of the control channel is lost.
 *
 * @throws BackendError `sidecar_failed`
 */
export async function startSidecarProcess(
  docker: Dockerode,
  container: Dockerode.Container,
): Promise<SidecarProcess> {
  try {
    const options = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true };
    const socket = (await within('attaching to a sidecar', container.attach(options))) as Duplex;
    const { stdout, stderr } = demultiplex(socket, async () => !(await container.inspect()).State.Running);
    await within('starting a sidecar', container.start());
    return {
      stdin: standardInput(socket),
      stdout,
      stderr,
      pid: null,
      exited: containerExit(docker, container),
      // It may have ended meanwhile, which the engine calls a conflict.
      kill: (signal) => void container.kill({ signal }).catch(() => undefined),
    };
  } catch (error) {
    throw engineError('sidecar_failed', 'the sidecar does not start', error);
  }
}
