import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { BackendError, writeTar } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { engineError } from '../engine/engine-error.ts';
import { within } from '../engine/within.ts';
import { baseImageId, imageId, type ImageOptions } from './base-image.ts';
import { followProgress } from './follow-progress.ts';
import type { ContextFile } from './image-files.ts';
import { digested, imageTag } from './image-tag.ts';
import { imageLabel, inputsLabel, repositoryOf } from './our-images.ts';

export interface ImageSpec extends ImageOptions {
  /** without tag, e.g. sidecar-egress */
  readonly name: string;
  /** what goes into the build, a `Dockerfile` among them */
  readonly files: readonly ContextFile[];
  /** value of the argument BASE_IMAGE, null: the Dockerfile names what it is built on */
  readonly baseImage: string | null;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** what the build may use; absent: what the engine gives any */
  readonly limits?: BuildLimits;
}

/** Parameters of the engine's build call. */
export interface BuildLimits {
  readonly networkmode: string;
  /** bytes */
  readonly memory: number;
  readonly memswap: number;
  /** microseconds of CPU time in each period */
  readonly cpuquota: number;
  readonly cpuperiod: number;
  readonly ulimits: ReadonlyArray<{ readonly Name: string; readonly Soft: number; readonly Hard: number }>;
}

/** Builds under way in this process: bottles that start together build an image once. */
const underWay = new Map<string, Promise<void>>();

/**
 * Name and tag of an image with exactly this content; built when the engine does not have it, unless `onlyLook` is set.
 *
 * @throws BackendError `launch_failed`
 */
export async function ensureImage(docker: Dockerode, spec: ImageSpec): Promise<string> {
  const { name, files, baseImage } = spec;
  const baseId = baseImage === null ? null : await baseImageId(docker, baseImage, spec);
  const buildArgs = { ...spec.buildArgs, ...(baseImage === null ? {} : { BASE_IMAGE: baseImage }) };
  const tag = imageTag({ files: digested(files), baseId, buildArgs });
  const reference = `${repositoryOf(name)}:${tag}`;
  const present = await builtImage(docker, name, tag);
  if (present !== null || spec.onlyLook === true) return present ?? reference;
  const build = underWay.get(reference) ?? buildImage(docker, reference, { ...spec, buildArgs, tag });
  underWay.set(reference, build);
  try {
    await build;
  } finally {
    underWay.delete(reference);
  }
  return reference;
}

/**
 * An image of exactly these inputs. One that was built beforehand may hold more, e.g. a program that had to be prepared,
 * and says in a label what it stands for; it goes before the plain one.
 */
async function builtImage(docker: Dockerode, name: string, tag: string): Promise<string | null> {
  const filters = { label: [`${inputsLabel}=${tag}`] };
  const images = await within('looking for an image', docker.listImages({ filters }));
  const references = images
    .toSorted((one, other) => other.Created - one.Created)
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .filter((reference) => reference.startsWith(`${repositoryOf(name)}:`));
  const plain = `${repositoryOf(name)}:${tag}`;
  const found = references.find((reference) => reference !== plain) ?? references[0];
  if (found !== undefined) return found;
  // Built beforehand without the label.
  return (await imageId(docker, plain)) === null ? null : plain;
}

async function buildImage(
  docker: Dockerode,
  reference: string,
  spec: ImageSpec & Required<Pick<ImageSpec, 'buildArgs'>> & { readonly tag: string },
): Promise<void> {
  const { name, files, buildArgs, tag, onProgress, limits } = spec;
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
        labels: { [imageLabel]: name, [inputsLabel]: tag },
        forcerm: true,
        ...(limits === undefined ? {} : { ...limits, ulimits: JSON.stringify(limits.ulimits) }),
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
