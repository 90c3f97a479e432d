/** Home of the user `node` in every bottle. */
export const guestHome = '/home/node';

/** Where the folder given with `--cwd` goes. */
export const guestWorkspace = `${guestHome}/workspace`;

/** The bottle's CA certificate: the only root that anything in the bottle needs. */
export const guestCaFile = `${guestHome}/.bot-bottle/ca.crt`;

/** Where the agent finds the tools of the supervise sidecar. */
export const guestSuperviseUrl = 'http://supervise:9100';
