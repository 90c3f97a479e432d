import type { SidecarName } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { labelsOf, type Ownership } from '../labels.ts';
import { createNetwork } from './create-network.ts';
import { bottleSubnets, type Subnet } from './subnets.ts';

export interface InternalNetwork {
  readonly id: string;
  readonly subnet: Subnet;
}

/** Ports of the sidecars, on every backend. */
export const sidecarPorts = { egress: 9099, 'git-gate': 9420, supervise: 9100 } as const satisfies Record<
  SidecarName,
  number
>;

const indexes = { gateway: 1, egress: 2, 'git-gate': 3, supervise: 4, agent: 5 } as const;

/** Number 1 is the gateway's, which the host has in other networks; here nobody has it. */
export function addressOf({ subnet }: InternalNetwork, who: keyof typeof indexes): string {
  return subnet.address(indexes[who]);
}

/**
 * The network of one bottle: no way out, and no address of the host in it.
 *
 * `internal` alone leaves the host reachable at the gateway's address. Engines that know the gateway mode `isolated`
 * give the bridge no address at all; older ones ignore it and obey `inhibit_ipv4`.
 *
 * @throws BackendError `launch_failed`
 */
export async function createInternalNetwork(docker: Dockerode, owner: Ownership): Promise<InternalNetwork> {
  return await createNetwork(docker, bottleSubnets, {
    Name: `bot-bottle-${owner.identity}-internal`,
    CheckDuplicate: true,
    Internal: true,
    EnableIPv6: false,
    Options: {
      'com.docker.network.bridge.inhibit_ipv4': 'true',
      'com.docker.network.bridge.gateway_mode_ipv4': 'isolated',
    },
    Labels: labelsOf(owner, 'internal-network'),
  });
}
