import type Dockerode from 'dockerode';
import { visibleLine } from '@bot-bottle/audit';
import { within } from '../engine/within.ts';

/** Says of an image that it is ours, and which one. */
export const imageLabel = 'bot-bottle.image';
/** Tag of the plain image that an image can stand in for. */
export const inputsLabel = 'bot-bottle.inputs';

/** @param name e.g. sidecar-egress */
export const repositoryOf = (name: string): string => `bot-bottle/${name}`;

/** One of our images under one of its names. */
export interface OurImage {
  /** what it is, e.g. sidecar-egress */
  readonly name: string;
  /** name and tag */
  readonly reference: string;
  readonly tag: string;
  readonly id: string;
  /** with all layers, those that it shares with others included */
  readonly bytes: number;
  /** seconds since 1970 */
  readonly created: number;
  /** whether a container, running or not, was made of it */
  readonly inUse: boolean;
}

/**
 * Every image that is ours: it has the label, and the name that goes with it. An image that somebody made on top of ours
 * has inherited the label, and one with a name like ours is none without it.
 *
 * @throws what the engine's client throws
 */
export async function listOurImages(docker: Dockerode): Promise<readonly OurImage[]> {
  const filters = { label: [imageLabel] };
  const [images, containers] = await within(
    'listing images',
    Promise.all([docker.listImages({ filters }), docker.listContainers({ all: true })]),
  );
  const used = new Set(containers.map(({ ImageID }) => ImageID));
  return images
    .flatMap(({ Id, RepoTags, Labels, Size, Created }) => {
      const name = Labels?.[imageLabel] ?? '';
      const prefix = `${repositoryOf(name)}:`;
      return (RepoTags ?? [])
        .filter((reference) => name !== '' && reference.startsWith(prefix))
        .map((reference) => ({
          name: visibleLine(name, 100),
          reference,
          tag: reference.slice(prefix.length),
          id: Id,
          bytes: Size,
          created: Created,
          inUse: used.has(Id),
        }));
    })
    .toSorted(
      (one, other) =>
        compare(one.name, other.name) || other.created - one.created || compare(one.tag, other.tag),
    );
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
