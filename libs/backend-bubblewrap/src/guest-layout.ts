import type { SidecarName } from '@bot-bottle/backend';

export const guestHome = '/home/node';
/** every uid and gid inside */
export const guestId = 1000;
/** sockets of the sidecars, one folder each */
export const socketsDir = '/run/bot-bottle';
/** our own programs, read-only */
export const ownDir = '/opt/bot-bottle';
/** names of the operator's programs, as links */
export const programsDir = `${ownDir}/bin`;

/** Port on which the agent reaches each sidecar. */
export const bridgePorts: Readonly<Record<SidecarName, number>> = {
  egress: 9099,
  'git-gate': 9420,
  supervise: 9100,
};

export const socketPath = (name: SidecarName) => `${socketsDir}/${name}/${name}.sock`;
