import { BackendError } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { engineError, statusOf } from '../engine/engine-error.ts';
import { within } from '../engine/within.ts';
import { createNetwork } from './create-network.ts';
import { egressSubnets } from './subnets.ts';

/** Bridge to the outside that egress and git-gate of all bottles share. */
export const egressNetworkName = 'bot-bottle-egress';
const label = 'bot-bottle.egress-network';

/**
 * Id of the shared bridge, made when it is not there, or of the network that settings.yml names. It stays: bottles that
 * start next need it.
 *
 * @throws BackendError `settings_invalid` when the named network is not there, `launch_failed`
 */
export async function egressNetwork(docker: Dockerode, named: string | null): Promise<string> {
  if (named !== null) return await existing(docker, named);
  return (await oldest(docker)) ?? (await make(docker));
}

/**
 * Shared bridges of ours that no container is on, made or running. Ours is what has the label and the name.
 *
 * @throws what the engine's client throws
 */
export async function idleEgressNetworks(
  docker: Dockerode,
): Promise<ReadonlyArray<{ readonly name: string; remove(): Promise<boolean> }>> {
  const filters = { label: [label] };
  const networks = await within('listing networks', docker.listNetworks({ filters }));
  const ours = networks.filter(({ Name }) => Name === egressNetworkName);
  const idle = await Promise.all(ours.map(async ({ Id }) => !(await isUsed(docker, Id))));
  return ours
    .filter((_network, index) => idle[index])
    .map(({ Id, Name }) => ({ name: Name, remove: () => removeIdle(docker, Id) }));
}

/** The engine knows only of running containers that they are on a network; one that was made is on it too. */
async function isUsed(docker: Dockerode, id: string): Promise<boolean> {
  const filters = { network: [id] };
  const containers = await within('listing containers', docker.listContainers({ all: true, filters }));
  return containers.length > 0;
}

/** False: somebody uses it by now. */
async function removeIdle(docker: Dockerode, id: string): Promise<boolean> {
  if (await isUsed(docker, id)) return false;
  try {
    await within('removing a network', docker.getNetwork(id).remove());
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return true;
    if (statusOf(error) === 403 || statusOf(error) === 409) return false;
    throw error;
  }
}

async function existing(docker: Dockerode, name: string): Promise<string> {
  try {
    const found = await within('looking for the egress network', docker.getNetwork(name).inspect());
    if (found.Internal !== true) return found.Id;
  } catch (error) {
    if (statusOf(error) !== 404) throw engineError('launch_failed', `the network ${name}`, error);
    throw new BackendError('settings_invalid', `docker.egress_network names no network: ${name}`, {
      hint: `docker network create ${name}`,
    });
  }
  throw new BackendError('settings_invalid', `docker.egress_network ${name} is internal: nothing gets out`);
}

/** The engine does not keep names unique when two make one at the same time: everybody takes the oldest. */
async function oldest(docker: Dockerode): Promise<string | null> {
  const filters = { label: [label] };
  const networks = await within('listing networks', docker.listNetworks({ filters }));
  const [first] = networks
    .filter(({ Name }) => Name === egressNetworkName)
    .map((network) => ({ id: network.Id, created: Date.parse(network.Created ?? '') }))
    .toSorted((one, other) => one.created - other.created || (one.id < other.id ? -1 : 1));
  return first?.id ?? null;
}

async function make(docker: Dockerode): Promise<string> {
  const { id } = await createNetwork(docker, egressSubnets, {
    Name: egressNetworkName,
    CheckDuplicate: true,
    EnableIPv6: false,
    // Sidecars of different bottles must not reach each other.
    Options: { 'com.docker.network.bridge.enable_icc': 'false' },
    Labels: { [label]: '1' },
  }).catch(async (error: unknown) => {
    const other = await oldest(docker);
    if (other === null) throw error;
    return { id: other };
  });
  const chosen = (await oldest(docker)) ?? id;
  if (chosen !== id)
    await docker
      .getNetwork(id)
      .remove()
      .catch(() => undefined);
  return chosen;
}
