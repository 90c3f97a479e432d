import { BackendError, type BottleImage, type SidecarName } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import type { DockerOptions } from '../backend.ts';
import { connectEngine, type EngineConnection } from '../engine/connect-engine.ts';
import { engineError } from '../engine/engine-error.ts';
import { baseOf } from '../base-of.ts';
import { probeEngine } from '../probe.ts';
import { agentImage } from './agent-image.ts';
import { imageId, type ImageOptions } from './base-image.ts';
import type { ProgressOptions } from './follow-progress.ts';
import { findPrunable, type Prunable } from './find-prunable.ts';
import { markCurrent, type ListedImage } from './mark-current.ts';
import { listOurImages } from './our-images.ts';
import { sidecarImage } from './sidecar-image.ts';

/** An image that a launch would take. */
export type WantedImage =
  | { readonly sidecar: SidecarName; /** self-contained ESM file */ readonly program: string }
  | { readonly agent: BottleImage };

export interface BuiltImage {
  readonly reference: string;
  /** false: the engine had it */
  readonly wasBuilt: boolean;
}

/** The images of bottles on an engine. Every method throws BackendError `backend_unavailable` without an engine. */
export interface DockerImages {
  /** @throws BackendError `launch_failed`, `not_available` */
  build(wanted: WantedImage, options?: ProgressOptions): Promise<BuiltImage>;
  list(wanted: readonly WantedImage[]): Promise<readonly ListedImage[]>;
  /** What no launch takes and nothing uses: old images, and the idle shared bridge. */
  prunable(wanted: readonly WantedImage[]): Promise<readonly Prunable[]>;
}

/** Nothing is sent to the engine before a method is called. */
export function createDockerImages(options: DockerOptions = {}): DockerImages {
  const baseImage = baseOf(options);
  const onEngine = async <T>(work: (docker: Dockerode) => Promise<T>): Promise<T> => {
    const { docker } = await connect(options);
    return await work(docker).catch((error: unknown) => {
      throw engineError('backend_unavailable', 'images', error);
    });
  };
  const list = async (docker: Dockerode, wanted: readonly WantedImage[]): Promise<readonly ListedImage[]> => {
    const [ours, current, base] = await Promise.all([
      listOurImages(docker),
      currentReferences(docker, wanted, baseImage),
      imageId(docker, baseImage),
    ]);
    return markCurrent(ours, { references: current, base });
  };
  return {
    build: (wanted, progress = {}) =>
      onEngine(async (docker) => {
        const reference = await referenceOf(docker, wanted, { ...progress, baseImage, onlyLook: true }).catch(
          () => null,
        );
        const before = reference === null ? null : await imageId(docker, reference);
        const built = await referenceOf(docker, wanted, { ...progress, baseImage });
        return { reference: built, wasBuilt: before === null || built !== reference };
      }),
    list: (wanted) => onEngine((docker) => list(docker, wanted)),
    prunable: (wanted) => onEngine(async (docker) => findPrunable(docker, await list(docker, wanted))),
  };
}

async function connect(options: DockerOptions): Promise<EngineConnection> {
  const engine = await connectEngine({ host: options.host ?? null, env: options.env ?? process.env });
  const { availability } = await probeEngine(engine);
  if (availability.available) return engine;
  throw new BackendError('backend_unavailable', availability.reason, { hint: availability.remedy });
}

async function referenceOf(
  docker: Dockerode,
  wanted: WantedImage,
  options: ImageOptions & { readonly baseImage: string },
): Promise<string> {
  if ('agent' in wanted) return await agentImage(docker, wanted.agent, options);
  return await sidecarImage(docker, { name: wanted.sidecar, program: wanted.program }, options);
}

/** Names and tags that launches take, whether the engine has them or not; none when the base is not there. */
async function currentReferences(
  docker: Dockerode,
  wanted: readonly WantedImage[],
  baseImage: string,
): Promise<ReadonlySet<string>> {
  const found = await Promise.all(
    wanted.map((each) =>
      referenceOf(docker, each, { baseImage, onlyLook: true }).catch((error: unknown) => {
        // What cannot be looked for has no current image that could be known.
        if (BackendError.isInstance(error)) return null;
        throw error;
      }),
    ),
  );
  return new Set(found.filter((reference) => reference !== null));
}
