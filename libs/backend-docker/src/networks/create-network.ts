import { BackendError } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { engineError, reasonOf } from '../engine/engine-error.ts';
import { within } from '../engine/within.ts';
import { freeSubnets, type Subnet, type SubnetPool } from './subnets.ts';

const attempts = 20;

/**
 * Makes a bridge network with a subnet of its own. Somebody else may take a subnet between looking and making: then the
 * next one is tried.
 *
 * @throws BackendError `launch_failed`
 */
export async function createNetwork(
  docker: Dockerode,
  pool: SubnetPool,
  options: Omit<Dockerode.NetworkCreateOptions, 'IPAM' | 'Driver'>,
): Promise<{ readonly id: string; readonly subnet: Subnet }> {
  let last: unknown = null;
  let tried = 0;
  for (const subnet of freeSubnets(pool, await usedSubnets(docker))) {
    if (tried === attempts) break;
    tried += 1;
    try {
      const { id } = await within(
        `making the network ${options.Name}`,
        docker.createNetwork({
          ...options,
          Driver: 'bridge',
          IPAM: { Driver: 'default', Config: [{ Subnet: subnet.cidr }] },
        }),
      );
      return { id, subnet };
    } catch (error) {
      last = error;
      if (!/overlap|address space|conflicts with network/i.test(reasonOf(error))) break;
    }
  }
  if (last !== null) throw engineError('launch_failed', `the network ${options.Name} cannot be made`, last);
  throw new BackendError('launch_failed', 'no subnet is free for another bottle', {
    hint: 'bot-bottle cleanup removes what dead bottles left',
  });
}

async function usedSubnets(docker: Dockerode): Promise<string[]> {
  const networks = await within('listing networks', docker.listNetworks());
  return networks.flatMap(({ IPAM }) => IPAM?.Config ?? []).map(({ Subnet: used }) => used ?? '');
}
