import { BackendError } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { engineError, reasonOf, statusOf } from '../engine/engine-error.ts';
import { within } from '../engine/within.ts';
import { followProgress, type ProgressOptions } from './follow-progress.ts';

/** How an image is come by. */
export interface ImageOptions extends ProgressOptions {
  /** true: nothing is pulled or built, only its name is found out; default false */
  readonly onlyLook?: boolean;
}

export const defaultBaseImage = 'node:24-slim';

/**
 * Id of the image that ours are built on. One that the engine has is used without asking a registry, so that this works
 * offline; else it is pulled.
 *
 * @throws BackendError `launch_failed` that says how to get one, `not_available` when it may only be looked for
 */
export async function baseImageId(
  docker: Dockerode,
  base: string,
  options: ImageOptions = {},
): Promise<string> {
  const present = await imageId(docker, base);
  if (present !== null) return present;
  if (options.onlyLook === true)
    throw new BackendError('not_available', `the engine has no base image ${base}`);
  options.onProgress?.(`pulling ${base}`);
  try {
    const stream = await within(`pulling ${base}`, docker.pull(base));
    await followProgress(docker, stream, options);
  } catch (error) {
    throw new BackendError(
      'launch_failed',
      `the base image ${base} is not there and cannot be pulled: ${reasonOf(error)}`,
      {
        hint: `docker pull ${base}, or name one that is there by BOT_BOTTLE_BASE_IMAGE or docker.base_image`,
        cause: error,
      },
    );
  }
  const pulled = await imageId(docker, base);
  if (pulled !== null) return pulled;
  throw new BackendError('launch_failed', `the base image ${base} is not there after it was pulled`);
}

/** Null when the engine has no such image. */
export async function imageId(docker: Dockerode, reference: string): Promise<string | null> {
  try {
    const { Id } = await within('looking for an image', docker.getImage(reference).inspect());
    return Id;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw engineError('launch_failed', `the image ${reference}`, error);
  }
}
