import type { ExitStatus } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { containerExit } from '../engine/container-exit.ts';
import { within } from '../engine/within.ts';

/**
 * Starts the agent's container with its input held by this process: when this process is gone, whatever ended it, the
 * engine ends the input, and with it the container.
 *
 * @returns what resolves when the container ended
 * @throws what the engine's client throws
 */
export async function keepOpen(
  docker: Dockerode,
  container: Dockerode.Container,
): Promise<{ readonly ended: Promise<ExitStatus> }> {
  const options = { stream: true, stdin: true, stdout: false, stderr: false, hijack: true };
  const socket = await within('attaching to the agent', container.attach(options));
  socket.on('error', () => undefined);
  await within('starting the agent', container.start());
  return { ended: containerExit(docker, container) };
}
