import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { reasonOf, statusOf } from './engine/engine-error.ts';
import { within } from './engine/within.ts';

const attempts = 50;
/** milliseconds; the first pauses are shorter, because the engine mostly needs a moment only */
const longestPauseMs = 100;
const firstPauseMs = 10;

/** Ends and removes a container with its anonymous volumes, and waits until it is gone. One that is not there is fine. */
export async function removeContainer(docker: Dockerode, id: string): Promise<void> {
  await untilGone(() => docker.getContainer(id).remove({ force: true, v: true }), /already in progress/);
}

/** The engine lets go of a container's endpoint a moment after the container. */
export async function removeNetwork(docker: Dockerode, id: string): Promise<void> {
  await untilGone(() => docker.getNetwork(id).remove(), /has active endpoints/);
}

export async function removeVolume(docker: Dockerode, name: string): Promise<void> {
  await untilGone(() => docker.getVolume(name).remove(), /in use/);
}

/** Tries again while the engine says that it is not possible yet. */
async function untilGone(remove: () => Promise<unknown>, notYet: RegExp): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await within('removing', remove());
      return;
    } catch (error) {
      if (statusOf(error) === 404) return;
      if (attempt === attempts || !notYet.test(reasonOf(error))) throw error;
      await delay(Math.min(longestPauseMs, firstPauseMs * attempt));
    }
  }
}
