import { BackendError, type SidecarSpec } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { ensureImage } from './ensure-image.ts';
import type { ImageOptions } from './base-image.ts';
import { imageFiles, readContextFile } from './image-files.ts';

/**
 * The image of a sidecar with the program of this version in it.
 *
 * @throws BackendError `launch_failed`, `not_available`
 */
export async function sidecarImage(
  docker: Dockerode,
  spec: Pick<SidecarSpec, 'name' | 'program'>,
  options: ImageOptions & { readonly baseImage: string },
): Promise<string> {
  const name = `sidecar-${spec.name}`;
  const files = await imageFiles(name);
  if (files === null)
    throw new BackendError('not_available', `there is no image of the sidecar ${spec.name} in this version`);
  const program = await readContextFile(spec.program, 'main.js');
  return await ensureImage(docker, { ...options, name, files: [...files, { ...program, mode: 0o644 }] });
}
