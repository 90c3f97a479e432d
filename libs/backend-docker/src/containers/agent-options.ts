import { guestHome, type BottleSpec, type SidecarName } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { labelsOf, type Ownership } from '../labels.ts';
import { addressOf, type InternalNetwork } from '../networks/internal-network.ts';
import { closedDown, limitsOf } from './limits.ts';

/** Who the agent is in its container. */
export const agentUser = '1000:1000';

/** Who the first process of a container is that runs in the namespaces of a keeper: neither agent nor keeper. */
const placeholderUser = '65533:65533';

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
  const { owner, network, homeVolume, resources, runtime } = parts;
  return {
    ...open(parts, 'agent', keeperUser),
    name: `bot-bottle-${owner.identity}`,
    Hostname: 'bottle',
    Env: [],
    HostConfig: {
      ...closedDown,
      ...limitsOf(resources),
      ...namespacesOf(parts),
      Tmpfs: tmpfs,
      Mounts: [{ Type: 'volume', Source: homeVolume, Target: guestHome, ReadOnly: false }],
      ...(runtime === null ? {} : { Runtime: runtime }),
    },
    NetworkingConfig: endpoint(network, addressOf(network, 'agent'), []),
  };
}

/** Memory and processes of a keeper: enough for the self-check. */
const keeperLimits = { memory: 512 * 1024 ** 2, cpus: null, pids: 64 };

/**
 * Holds the network and the process numbers of a bottle whose image the agent wrote: nothing that the image does can keep
 * it alive, or answer the self-check in its place. With it the kernel ends whatever runs in the agent's container.
 *
 * @param parts `image` is one that the agent has no part in
 */
export function keeperOptions(parts: AgentParts): Dockerode.ContainerCreateOptions {
  const { owner, network, runtime } = parts;
  return {
    ...open(parts, 'keeper', keeperUser),
    name: `bot-bottle-${owner.identity}-keeper`,
    Hostname: 'bottle',
    Env: [],
    HostConfig: {
      ...closedDown,
      ...limitsOf(keeperLimits),
      ...namespacesOf(parts),
      ...(runtime === null ? {} : { Runtime: runtime }),
    },
    NetworkingConfig: endpoint(network, addressOf(network, 'agent'), []),
  };
}

/**
 * The agent's container in the namespaces of its keeper.
 *
 * @param keeper id of the keeper's container, which runs
 * @param env of every process; a name without a value takes one of the image away
 */
export function keptAgentOptions(
  parts: AgentParts,
  keeper: string,
  env: readonly string[],
): Dockerode.ContainerCreateOptions {
  const { owner, homeVolume, resources, runtime } = parts;
  // Those belong to the namespaces, which are there already.
  const { Sysctls: _sysctls, Init: _init, ...rest } = closedDown;
  return {
    ...open(parts, 'agent', placeholderUser),
    name: `bot-bottle-${owner.identity}`,
    Env: [...env],
    HostConfig: {
      ...rest,
      ...limitsOf(resources),
      NetworkMode: `container:${keeper}`,
      PidMode: `container:${keeper}`,
      Tmpfs: tmpfs,
      Mounts: [
        {
          Type: 'volume',
          Source: homeVolume,
          Target: guestHome,
          ReadOnly: false,
          // Else the engine fills an empty home with what the image has there.
          VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: '', Options: {} } },
        },
      ],
      ...(runtime === null ? {} : { Runtime: runtime }),
    },
  };
}

const tmpfs = {
  // Builds run what they just wrote there.
  '/tmp': 'rw,exec,nosuid,nodev,mode=1777',
  '/var/tmp': 'rw,exec,nosuid,nodev,mode=1777',
  '/run': 'rw,noexec,nosuid,nodev,mode=755,size=16m',
};

/** A container whose first process lasts as long as its input is held open; nothing of the image says what runs. */
function open({ owner, image }: AgentParts, role: 'agent' | 'keeper', user: string) {
  return {
    Image: image,
    Labels: labelsOf(owner, role),
    User: user,
    WorkingDir: '/',
    Entrypoint: ['/bin/cat'],
    Cmd: [],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    Healthcheck: { Test: ['NONE'] },
  } satisfies Dockerode.ContainerCreateOptions;
}

function namespacesOf({ network, sidecars }: AgentParts) {
  return {
    NetworkMode: network.id,
    // The engine asks a resolver of the host even from an internal network (CVE-2024-29018). This one asks nobody.
    Dns: ['127.0.0.1'],
    DnsOptions: ['timeout:1', 'attempts:1'],
    DnsSearch: ['.'],
    ExtraHosts: sidecars.map((name) => `${name}:${addressOf(network, name)}`),
  } satisfies Dockerode.HostConfig;
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
