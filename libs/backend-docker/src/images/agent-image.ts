import { readFile } from 'node:fs/promises';
import { BackendError, type BottleImage } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { baseImageId, imageId, type ImageOptions } from './base-image.ts';
import { ensureImage } from './ensure-image.ts';
import { imageFiles } from './image-files.ts';

export type AgentImageOptions = ImageOptions & { readonly baseImage: string };

/** The provider's image when it names none. */
export const plainAgent: BottleImage = { name: 'bot-bottle-command', dockerfile: null };

/**
 * The image of an agent: built of the operator's Dockerfile if there is one, else ours of that name, else one that the
 * engine has.
 *
 * @throws BackendError `launch_failed`, `not_available`
 */
export async function agentImage(
  docker: Dockerode,
  { name, dockerfile }: BottleImage,
  options: AgentImageOptions,
): Promise<string> {
  if (dockerfile !== null) return await ownImage(docker, { name, dockerfile }, options);
  const ours = name.replace(/^bot-bottle-/, 'agent-');
  const files = ours === name ? null : await imageFiles(ours);
  if (files !== null) return await ensureImage(docker, { ...options, name: ours, files });
  if ((await imageId(docker, name)) !== null) return name;
  throw new BackendError('not_available', `the engine has no image ${name} for the agent`, {
    hint: `docker pull ${name}, or name a Dockerfile in agent_provider.dockerfile`,
  });
}

/** Built with an empty context: what a Dockerfile could copy of this host is not given to it. */
async function ownImage(
  docker: Dockerode,
  { name, dockerfile }: BottleImage & { readonly dockerfile: string },
  options: AgentImageOptions,
): Promise<string> {
  const content = await readFile(dockerfile).catch((cause: unknown) => {
    throw new BackendError('launch_failed', `agent_provider.dockerfile ${dockerfile} cannot be read`, {
      cause,
    });
  });
  const takes = (argument: string): boolean =>
    new RegExp(`^\\s*ARG\\s+${argument}\\b`, 'im').test(content.toString());
  // Part of the tag: an image on another base is another one.
  const buildArgs: Record<string, string> = {};
  if (takes('AGENT_IMAGE'))
    buildArgs['AGENT_IMAGE'] = await agentImage(docker, { name, dockerfile: null }, options);
  const baseImage = takes('BASE_IMAGE') ? options.baseImage : null;
  if (baseImage !== null) await baseImageId(docker, baseImage, options);
  const files = [{ path: 'Dockerfile', mode: 0o644, content }];
  return await ensureImage(docker, { ...options, name: 'agent-own', files, baseImage, buildArgs });
}
