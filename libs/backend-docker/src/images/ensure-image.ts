import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { BackendError, writeTar } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { engineError } from '../engine/engine-error.ts';
import { within } from '../engine/within.ts';
import { baseImageId, imageId } from './base-image.ts';
import { followProgress, type ProgressOptions } from './follow-progress.ts';
import type { ContextFile } from './image-files.ts';
import { imageTag } from './image-tag.ts';

export interface ImageSpec extends ProgressOptions {
  /** without tag, e.g. sidecar-egress */
  readonly name: string;
  /** what goes into the build, a `Dockerfile` among them */
  readonly files: readonly ContextFile[];
  /** value of the argument BASE_IMAGE, null: the Dockerfile names what it is built on */
  readonly baseImage: string | null;
  readonly buildArgs?: Readonly<Record<string, string>>;
}

/** Builds under way in this process: bottles that start together build an image once. */
const underWay = new Map<string, Promise<void>>();

/**
 * Name and tag of an image with exactly this content; built when the engine does not have it.
 *
 * @throws BackendError `launch_failed`
 */
export async function ensureImage(docker: Dockerode, spec: ImageSpec): Promise<string> {
  const { name, files, baseImage } = spec;
  const baseId = baseImage === null ? null : await baseImageId(docker, baseImage, spec);
  const buildArgs = { ...spec.buildArgs, ...(baseImage === null ? {} : { BASE_IMAGE: baseImage }) };
  const reference = `bot-bottle/${name}:${imageTag({ files, baseId, buildArgs })}`;
  if ((await imageId(docker, reference)) !== null) return reference;
  const build = underWay.get(reference) ?? buildImage(docker, reference, { ...spec, buildArgs });
  underWay.set(reference, build);
  try {
    await build;
  } finally {
    underWay.delete(reference);
  }
  return reference;
}

async function buildImage(
  docker: Dockerode,
  reference: string,
  spec: ImageSpec & Required<Pick<ImageSpec, 'buildArgs'>>,
): Promise<void> {
  const { name, files, buildArgs, onProgress } = spec;
  onProgress?.(`building ${reference}`);
  const tar = new PassThrough();
  const [context] = await Promise.all([
    buffer(tar),
    writeTar(
      files.map((file) => ({ kind: 'text', ...file })),
      tar,
    ),
  ]);
  try {
    const stream = await within(
      `building ${reference}`,
      docker.buildImage(Readable.from([context]), {
        t: reference,
        buildargs: { ...buildArgs },
        labels: { 'bot-bottle.image': name },
        forcerm: true,
        // What Dockerfiles of ours use, engines without BuildKit have too.
        version: '1',
      }),
    );
    await followProgress(docker, stream, {
      ...spec,
      onProgress: (what) => onProgress?.(`${name}: ${what}`),
    });
  } catch (error) {
    const { hint } = BackendError.isInstance(error) ? error : { hint: null };
    const { message } = engineError('launch_failed', '', error);
    throw new BackendError('launch_failed', `the image ${reference} cannot be built: ${message}`, {
      hint,
      cause: error,
    });
  }
}
