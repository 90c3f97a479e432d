import type { BottleSpec } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { seccompProfile } from './seccomp-profile.ts';

/** Limits of a container; null is none. Memory includes swap, so that none is used. */
export function limitsOf({
  memory,
  cpus,
  pids,
}: Pick<BottleSpec['resources'], 'memory' | 'cpus' | 'pids'>): Dockerode.HostConfig {
  return {
    ...(memory === null ? {} : { Memory: memory, MemorySwap: memory }),
    ...(cpus === null ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
    ...(pids === null ? {} : { PidsLimit: pids }),
  };
}

/** What holds for every container of ours, agent or sidecar. */
export const closedDown = {
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges', `seccomp=${JSON.stringify(seccompProfile())}`],
  Privileged: false,
  ReadonlyRootfs: true,
  Init: true,
  IpcMode: 'private',
  // A container on two networks must not carry packets from one to the other.
  Sysctls: { 'net.ipv4.ip_forward': '0' },
  RestartPolicy: { Name: 'no' },
  // stdout carries the control channel or what the agent shows: neither belongs on the engine's disk.
  LogConfig: { Type: 'none', Config: {} },
  Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
  PublishAllPorts: false,
} as const satisfies Dockerode.HostConfig;
