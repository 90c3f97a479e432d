import type { ExitStatus, SidecarProcess } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import type { Duplex } from 'node:stream';
import { engineError } from '../engine/engine-error.ts';
import { within } from '../engine/within.ts';
import { demultiplex } from '../streams/demultiplex.ts';
import { standardInput } from '../streams/standard-input.ts';

/**
 * Starts a sidecar's container with its streams attached, so that not a byte of the control channel is lost.
 *
 * @throws BackendError `sidecar_failed`
 */
export async function startSidecarProcess(container: Dockerode.Container): Promise<SidecarProcess> {
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
      exited: exitOf(container),
      // It may have ended meanwhile, which the engine calls a conflict.
      kill: (signal) => void container.kill({ signal }).catch(() => undefined),
    };
  } catch (error) {
    throw engineError('sidecar_failed', 'the sidecar does not start', error);
  }
}

/**
 * How a container that was started ends. An engine that hangs up took its containers along.
 *
 * The engine tells a death by signal as 128 + its number, as a shell does.
 */
export async function exitOf(container: Dockerode.Container): Promise<ExitStatus> {
  try {
    const answer: unknown = await container.wait({ condition: 'not-running' });
    const code: unknown =
      typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'StatusCode') : null;
    return typeof code === 'number' ? { code, signal: null } : { code: null, signal: 'SIGKILL' };
  } catch {
    return { code: null, signal: 'SIGKILL' };
  }
}
