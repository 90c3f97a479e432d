import type { Leftover } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { within } from './engine/within.ts';
import { labelNames, ownerState } from './labels.ts';
import { removeContainer, removeNetwork, removeVolume } from './remove.ts';

/** Something on the engine that our labels say belongs to a bottle. */
export interface Owned {
  readonly kind: Extract<Leftover['kind'], 'container' | 'network' | 'volume'>;
  readonly name: string;
  readonly identity: string;
  readonly role: string;
  readonly owner: ReturnType<typeof ownerState>;
  /** state folder on its owner's host */
  readonly stateDir: string;
  remove(): Promise<void>;
}

/**
 * Containers, networks and volumes of one bottle, or of all, in the order in which they can be removed.
 *
 * @throws what the engine's client throws
 */
export async function findOwned(
  docker: Dockerode,
  identity: string | null = null,
): Promise<readonly Owned[]> {
  const label = identity === null ? labelNames.slug : `${labelNames.slug}=${identity}`;
  const filters = { label: [label] };
  const [containers, networks, { Volumes }] = await within(
    'looking for what bottles left',
    Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listNetworks({ filters }),
      docker.listVolumes({ filters }),
    ]),
  );
  return [
    ...containers.map(({ Id, Names, Labels }) =>
      owned('container', Names[0]?.replace(/^\//, '') ?? Id, Labels, () => removeContainer(docker, Id)),
    ),
    ...networks.map(({ Id, Name, Labels }) =>
      owned('network', Name, Labels ?? {}, () => removeNetwork(docker, Id)),
    ),
    ...(Volumes ?? []).map(({ Name, Labels }) =>
      owned('volume', Name, Labels, () => removeVolume(docker, Name)),
    ),
  ];
}

function owned(
  kind: Owned['kind'],
  name: string,
  labels: Readonly<Record<string, string>>,
  remove: () => Promise<void>,
): Owned {
  return {
    kind,
    name,
    identity: labels[labelNames.slug] ?? '',
    role: labels[labelNames.role] ?? '',
    owner: ownerState(labels[labelNames.owner]),
    stateDir: labels[labelNames.state] ?? '',
    remove,
  };
}
