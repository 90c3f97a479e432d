import { BackendError, type BottleImage } from '@bot-bottle/backend';
import { checkDockerfile, imagesOf, renderDockerfile, type BaseImage } from '@bot-bottle/supervise';
import type Dockerode from 'dockerode';
import { within } from '../engine/within.ts';
import { agentImage, type AgentImageOptions } from './agent-image.ts';
import { imageId } from './base-image.ts';
import { ensureImage, type BuildLimits } from './ensure-image.ts';

/** What a build may use whose steps an agent wrote: no network, and not this machine. */
const closed: BuildLimits = {
  networkmode: 'none',
  memory: 2 * 1024 ** 3,
  // memory and swap together: none of it is swap
  memswap: 2 * 1024 ** 3,
  cpuperiod: 100_000,
  cpuquota: 200_000,
  ulimits: [
    { Name: 'core', Soft: 0, Hard: 0 },
    { Name: 'fsize', Soft: 2 * 1024 ** 3, Hard: 2 * 1024 ** 3 },
  ],
};

/** What a build may say, bytes, and take, milliseconds. */
const maxOutput = 4 * 1024 ** 2;
const maxTimeMs = 10 * 60_000;

export interface RebuiltImage {
  readonly reference: string;
  /** image that the bottle would have without the Dockerfile; nothing in it is the agent's */
  readonly plain: string;
  /** environment of its containers: that of the plain image, whatever the Dockerfile sets */
  readonly env: readonly string[];
}

/**
 * The image of a Dockerfile that was approved for one bottle. The builder gets what was checked, with every image by its
 * id, and an empty context.
 *
 * @throws BackendError `launch_failed`, `not_available`
 */
export async function rebuiltImage(
  docker: Dockerode,
  { name, dockerfile }: BottleImage,
  rebuilt: string,
  options: AgentImageOptions,
): Promise<RebuiltImage> {
  const checked = checkDockerfile(rebuilt);
  if (!checked.ok)
    throw new BackendError(
      'launch_failed',
      `the Dockerfile breaks the rules: ${checked.problems.join('; ')}`,
    );
  const plain = await agentImage(docker, { name, dockerfile }, options);
  const ids: Partial<Record<BaseImage, string>> = {};
  for (const image of imagesOf(checked.dockerfile)) {
    const reference =
      image === 'agent' ? plain : await agentImage(docker, { name: image, dockerfile: null }, options);
    const id = await imageId(docker, reference);
    if (id === null) throw new BackendError('launch_failed', `the image ${reference} is gone`);
    ids[image] = id;
  }
  const content = Buffer.from(renderDockerfile(checked.dockerfile, ids));
  const reference = await ensureImage(docker, {
    ...options,
    name: 'agent-rebuilt',
    files: [{ path: 'Dockerfile', mode: 0o644, content }],
    baseImage: null,
    limits: closed,
    maxOutput,
    maxTimeMs,
  });
  const [before, after] = await Promise.all([envOf(docker, plain), envOf(docker, reference)]);
  const kept = new Set(before.map(nameOf));
  // A name without a value takes a variable of the image away (moby: daemon/container, ReplaceOrAppendEnvVars).
  const taken = after.map(nameOf).filter((each) => !kept.has(each));
  return { reference, plain, env: [...before, ...taken] };
}

async function envOf(docker: Dockerode, reference: string): Promise<readonly string[]> {
  const { Config } = await within('looking at an image', docker.getImage(reference).inspect());
  return Config.Env ?? [];
}

const nameOf = (pair: string): string => pair.split('=', 1)[0] ?? '';
