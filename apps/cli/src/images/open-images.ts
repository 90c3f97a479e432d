import type { DockerImages } from '@bot-bottle/backend-docker';
import type { CommandContext } from '../command-context.ts';
import { loadHome } from '../launch/load-home.ts';
import { wantedImages, type NamedImage } from './wanted-images.ts';

export interface OpenedImages {
  readonly images: DockerImages;
  readonly named: readonly NamedImage[];
}

/** The engine of settings.yml, and the images that this version and the bottles of this home can take. */
export async function openImages(context: CommandContext): Promise<OpenedImages> {
  const { settings, index } = await loadHome(context, null);
  const { createDockerImages, imageNames } = await import('@bot-bottle/backend-docker');
  return {
    images: createDockerImages({ ...settings.docker, env: context.io.env }),
    named: await wantedImages(index, await imageNames()),
  };
}
