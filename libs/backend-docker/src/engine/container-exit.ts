import type { ExitStatus } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { z } from 'zod';

const exitSchema = z.object({ StatusCode: z.int() });
const lost: ExitStatus = { code: null, signal: 'SIGKILL' };

/**
 * How a container that was started ends. An engine that hangs up took its containers along.
 *
 * The engine tells a death by signal as 128 + its number, as a shell does.
 */
export async function containerExit(docker: Dockerode, container: Dockerode.Container): Promise<ExitStatus> {
  try {
    // As a stream: the client's own call never comes back when the engine dies meanwhile.
    const { StatusCode } = exitSchema.parse(await json(await waitFor(docker, container.id)));
    return { code: StatusCode, signal: null };
  } catch {
    return lost;
  }
}

function waitFor(docker: Dockerode, id: string): Promise<Readable> {
  const request = {
    path: `/containers/${encodeURIComponent(id)}/wait?`,
    method: 'POST',
    isStream: true,
    options: { condition: 'not-running' },
    statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
  };
  return new Promise((resolve, reject) => {
    docker.modem.dial(request, (error, answer) => {
      if (answer instanceof Readable) resolve(answer);
      else reject(error instanceof Error ? error : new Error('no answer'));
    });
  });
}
