import { BackendError } from '@bot-bottle/backend';
import type { DockerOptions } from './backend.ts';
import { connectEngine } from './engine/connect-engine.ts';
import { engineError } from './engine/engine-error.ts';
import { within } from './engine/within.ts';
import { egressNetwork } from './networks/egress-network.ts';
import { gatewaysOf } from './networks/gateways.ts';

/**
 * Address that this host has on the network that egress and git-gate join: where a service of this host must listen for
 * a route, or a repository, to reach it. The loopback of this host is not theirs.
 *
 * @throws BackendError `not_available` for an engine elsewhere, or a network without an address of its host
 */
export async function egressGateway(
  options: Pick<DockerOptions, 'host' | 'egressNetwork' | 'env'> = {},
): Promise<string> {
  const engine = await connectEngine({ host: options.host ?? null, env: options.env ?? process.env });
  if (!engine.isLocal)
    throw new BackendError('not_available', `${engine.address.display} is not on this host`);
  try {
    const id = await egressNetwork(engine.docker, options.egressNetwork ?? null);
    const network = await within('looking at the egress network', engine.docker.getNetwork(id).inspect());
    const [found] = gatewaysOf(network);
    if (found !== undefined) return found;
    throw new BackendError('not_available', 'the egress network has no address of this host');
  } catch (error) {
    throw engineError('backend_unavailable', 'the egress network', error);
  }
}
