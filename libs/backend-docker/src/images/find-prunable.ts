import type Dockerode from 'dockerode';
import { statusOf } from '../engine/engine-error.ts';
import { within } from '../engine/within.ts';
import { idleEgressNetworks } from '../networks/egress-network.ts';
import type { ListedImage } from './mark-current.ts';
import { imageLabel } from './our-images.ts';

/** Something of ours on the engine that can go: a bottle that needs it makes it again. */
export interface Prunable {
  readonly kind: 'image' | 'network';
  /** name and tag, or name */
  readonly reference: string;
  /** of an image with all its layers; less becomes free where others share them */
  readonly bytes: number | null;
  /** False: it is in use meanwhile, or is another one now, and stays. */
  remove(): Promise<boolean>;
}

/** Tags that are made here; one that somebody gave an image is no old version. */
const madeTag = /^[0-9a-f]{12}$/;

/**
 * What no launch of this version takes and no container uses. `isCurrent` of the list decides; the engine itself refuses
 * to remove an image of a container, should one have been made meanwhile.
 *
 * @throws what the engine's client throws
 */
export async function findPrunable(
  docker: Dockerode,
  images: readonly ListedImage[],
): Promise<readonly Prunable[]> {
  const kept = new Set(images.filter(({ isCurrent, inUse }) => isCurrent || inUse).map(({ id }) => id));
  const old = images.filter(({ id, tag }) => !kept.has(id) && madeTag.test(tag));
  return [
    ...old.map(({ name, reference, id, bytes }): Prunable => ({
      kind: 'image',
      reference,
      bytes,
      remove: () => removeImage(docker, { name, reference, id }),
    })),
    ...(await idleEgressNetworks(docker)).map((network): Prunable => ({
      kind: 'network',
      reference: network.name,
      bytes: null,
      remove: () => network.remove(),
    })),
  ];
}

/** Takes one name off an image; without another name it goes, with the layers that nothing else needs. */
async function removeImage(
  docker: Dockerode,
  { name, reference, id }: Pick<ListedImage, 'name' | 'reference' | 'id'>,
): Promise<boolean> {
  const image = docker.getImage(reference);
  try {
    const found = await within('looking at an image', image.inspect());
    // Somebody may have given the name to another image since it was shown.
    if (found.Id !== id || found.Config.Labels?.[imageLabel] !== name) return false;
    await within('removing an image', image.remove({ force: false }));
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return true;
    // A container was made of it meanwhile.
    if (statusOf(error) === 409) return false;
    throw error;
  }
}
