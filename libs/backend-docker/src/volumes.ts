import type { BottleSpec } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { within } from './engine/within.ts';
import { labelsOf, type Ownership } from './labels.ts';
import { removeVolume } from './remove.ts';

/** Names of the volumes of a bottle. */
export type Volumes = ReadonlyMap<'home' | 'scratch', string>;

/**
 * Makes the volumes that a bottle needs; the home of a resumed one is there already.
 *
 * @param undo gets what takes back each that was made
 * @throws what the engine's client throws
 */
export async function makeVolumes(
  docker: Dockerode,
  owner: Ownership,
  { identity, sidecars, resumed }: BottleSpec,
  undo: Array<() => Promise<unknown>>,
): Promise<Volumes> {
  const volumes = new Map<'home' | 'scratch', string>();
  const roles = ['home', ...(sidecars.includes('git-gate') ? (['scratch'] as const) : [])] as const;
  for (const role of roles) {
    const Name = `bot-bottle-${identity}-${role}`;
    await within(`making the volume ${Name}`, docker.createVolume({ Name, Labels: labelsOf(owner, role) }));
    volumes.set(role, Name);
    if (resumed !== true || role !== 'home') undo.push(() => removeVolume(docker, Name));
  }
  return volumes;
}
