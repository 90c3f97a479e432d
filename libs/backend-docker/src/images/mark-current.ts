import { repositoryOf, type OurImage } from './our-images.ts';

export interface ListedImage extends OurImage {
  /** whether a launch of this version with these settings takes it; the newest where that cannot be known */
  readonly isCurrent: boolean;
}

export interface Current {
  /** name and tag of what launches take, whether the engine has it or not */
  readonly references: ReadonlySet<string>;
  /** id of the image that ours are built on, null: the engine does not have it */
  readonly base: string | null;
}

/**
 * Tells current images from old ones. Of a name that no known reference has, e.g. because the base is not there or no
 * backend uses that image, the newest counts as current.
 */
export function markCurrent(
  images: readonly OurImage[],
  { references, base }: Current,
): readonly ListedImage[] {
  const isNewest = (image: OurImage): boolean =>
    !images.some((other) => other.name === image.name && other.created > image.created);
  const known = new Set(
    images
      .map(({ name }) => name)
      .filter((name) => [...references].some((each) => each.startsWith(`${repositoryOf(name)}:`))),
  );
  return images.map((image) => ({
    ...image,
    isCurrent:
      image.id === base || (known.has(image.name) ? references.has(image.reference) : isNewest(image)),
  }));
}
