import { BackendError, execInBottle, type Bottle, type SidecarName } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { z } from 'zod';
import { within } from '../engine/within.ts';
import { gatewaysOf } from '../networks/gateways.ts';
import type { InternalNetwork } from '../networks/internal-network.ts';
import { checkProgram } from './check-program.ts';
import { checkRequest } from './check-request.ts';
import { openLure } from './lure.ts';

const problemsSchema = z.array(z.string().max(200)).max(200);

export interface IsolationFacts {
  readonly docker: Dockerode;
  readonly network: InternalNetwork;
  readonly sidecars: readonly SidecarName[];
  /** whether the engine's host is this one */
  readonly isLocal: boolean;
}

/**
 * Lets a program in the agent's container try to get out: to the gateway, to every address of this host and of the
 * engine's networks, to the world, to resolvers, to the engine's API, and to ports of the sidecars that are not theirs.
 *
 * @throws BackendError `self_check_failed`
 */
export async function proveIsolation(bottle: Bottle, facts: IsolationFacts): Promise<void> {
  const { docker, network, sidecars, isLocal } = facts;
  const lure = isLocal ? await openLure() : null;
  try {
    const engineAddresses = await gateways(docker, network.id);
    const request = checkRequest({ network, sidecars, engineAddresses, lurePort: lure?.port ?? null });
    const problems = await run(bottle, JSON.stringify(request));
    if (problems.length > 0)
      throw new BackendError('self_check_failed', `the bottle is not closed: ${problems.join('; ')}`, {
        data: { problems },
      });
  } finally {
    lure?.close();
  }
}

async function run(bottle: Bottle, input: string): Promise<string[]> {
  const argv = ['node', '--input-type=module', '--eval', checkProgram];
  const result = await execInBottle(bottle, argv, {
    input,
    cwd: '/',
    timeoutMs: 20_000,
    maxOutput: 64 * 1024,
  });
  const { success, data } = problemsSchema.safeParse(parse(result.stdout));
  if (success && result.code === 0) return data;
  throw new BackendError('self_check_failed', 'the bottle did not answer the check', {
    hint:
      result.code === 127
        ? 'the image of the agent must have node on its PATH'
        : result.stderr.slice(0, 500) || null,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Addresses of the host in the engine's other networks. */
async function gateways(docker: Dockerode, own: string): Promise<string[]> {
  const networks = await within('listing networks', docker.listNetworks());
  return networks.filter(({ Id }) => Id !== own).flatMap((network) => gatewaysOf(network));
}
