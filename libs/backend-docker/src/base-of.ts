import type { DockerOptions } from './backend.ts';
import { defaultBaseImage } from './images/base-image.ts';

/** The image that ours are built on: that of the options, of BOT_BOTTLE_BASE_IMAGE, else the usual one. */
export function baseOf({ baseImage, env = process.env }: Pick<DockerOptions, 'baseImage' | 'env'>): string {
  const named = baseImage ?? env['BOT_BOTTLE_BASE_IMAGE'] ?? '';
  return named === '' ? defaultBaseImage : named;
}
