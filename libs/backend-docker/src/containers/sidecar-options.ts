import { sidecarHome, sidecarScratch, type SidecarName } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { labelsOf, type Ownership } from '../labels.ts';
import { addressOf, type InternalNetwork } from '../networks/internal-network.ts';
import { endpoint } from './agent-options.ts';
import { closedDown, limitsOf } from './limits.ts';

const mebibyte = 1024 ** 2;

/** What a sidecar may take of the engine's host, whatever the agent makes it do. */
const limits = {
  egress: { memory: 1024 * mebibyte, cpus: null, pids: 128 },
  'git-gate': { memory: 2048 * mebibyte, cpus: null, pids: 512 },
  supervise: { memory: 512 * mebibyte, cpus: null, pids: 128 },
} as const satisfies Record<SidecarName, Parameters<typeof limitsOf>[0]>;

export interface SidecarParts {
  readonly owner: Ownership;
  readonly name: SidecarName;
  readonly image: string;
  readonly network: InternalNetwork;
  /** volume for its folder on disk, null: it asked for none */
  readonly scratchVolume: string | null;
}

/** A sidecar's container: nothing of the host in it, and nothing of it on the host's disk but its own folder. */
export function sidecarOptions(parts: SidecarParts): Dockerode.ContainerCreateOptions {
  const { owner, name, image, network, scratchVolume } = parts;
  return {
    name: `bot-bottle-${owner.identity}-${name}`,
    Image: image,
    Labels: labelsOf(owner, name),
    Hostname: name,
    User: '1000:1000',
    WorkingDir: sidecarHome,
    Env: ['BOT_BOTTLE_CONTROL=stdio', `HOME=${sidecarHome}`, 'NODE_OPTIONS='],
    OpenStdin: true,
    // A launcher that is gone is the end of the input, not a chance for the next one.
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    // The control channel tells whether it serves.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...closedDown,
      ...limitsOf(limits[name]),
      NetworkMode: network.id,
      Tmpfs: {
        '/tmp': 'rw,noexec,nosuid,nodev,mode=1777,size=256m',
        [sidecarHome]: 'rw,noexec,nosuid,nodev,mode=700,uid=1000,gid=1000,size=64m',
      },
      ...(scratchVolume === null
        ? {}
        : { Mounts: [{ Type: 'volume', Source: scratchVolume, Target: sidecarScratch, ReadOnly: false }] }),
    },
    NetworkingConfig: endpoint(network, addressOf(network, name), [name]),
  };
}
