import { guestHome, type BottleSpec, type SidecarName } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { labelsOf, type Ownership } from '../labels.ts';
import { addressOf, type InternalNetwork } from '../networks/internal-network.ts';
import { closedDown, limitsOf } from './limits.ts';

/** Who the agent is in its container. */
export const agentUser = '1000:1000';

/**
 * Who keeps the container open: another user than the agent, so that no process of the agent can stop, trace or outlive
 * the one that ends with its owner.
 */
const keeperUser = '65532:65532';

export interface AgentParts {
  readonly owner: Ownership;
  readonly image: string;
  readonly network: InternalNetwork;
  readonly homeVolume: string;
  readonly sidecars: readonly SidecarName[];
  readonly resources: BottleSpec['resources'];
  /** OCI runtime, null: the engine's default */
  readonly runtime: string | null;
}

/**
 * The agent's container. Its first process reads its input, which the owner holds open, and ends with it; then the
 * kernel ends whatever else runs.
 */
export function agentOptions(parts: AgentParts): Dockerode.ContainerCreateOptions {
  const { owner, image, network, homeVolume, sidecars, resources, runtime } = parts;
  return {
    name: `bot-bottle-${owner.identity}`,
    Image: image,
    Labels: labelsOf(owner, 'agent'),
    Hostname: 'bottle',
    User: keeperUser,
    WorkingDir: '/',
    Entrypoint: ['/bin/cat'],
    Cmd: [],
    Env: [],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...closedDown,
      ...limitsOf(resources),
      NetworkMode: network.id,
      // The engine asks a resolver of the host even from an internal network (CVE-2024-29018). This one asks nobody.
      Dns: ['127.0.0.1'],
      DnsOptions: ['timeout:1', 'attempts:1'],
      DnsSearch: ['.'],
      ExtraHosts: sidecars.map((name) => `${name}:${addressOf(network, name)}`),
      Tmpfs: {
        // Builds run what they just wrote there.
        '/tmp': 'rw,exec,nosuid,nodev,mode=1777',
        '/var/tmp': 'rw,exec,nosuid,nodev,mode=1777',
        '/run': 'rw,noexec,nosuid,nodev,mode=755,size=16m',
      },
      Mounts: [{ Type: 'volume', Source: homeVolume, Target: guestHome, ReadOnly: false }],
      ...(runtime === null ? {} : { Runtime: runtime }),
    },
    NetworkingConfig: endpoint(network, addressOf(network, 'agent'), []),
  };
}

/** One endpoint at a fixed address. */
export function endpoint(
  network: InternalNetwork,
  address: string,
  aliases: readonly string[],
): Required<Pick<Dockerode.ContainerCreateOptions, 'NetworkingConfig'>>['NetworkingConfig'] {
  return {
    EndpointsConfig: { [network.id]: { IPAMConfig: { IPv4Address: address }, Aliases: [...aliases] } },
  };
}
