/** Home of the user `node` in every bottle. */
export const guestHome = '/home/node';

/** Where the folder given with `--cwd` goes. */
export const guestWorkspace = `${guestHome}/workspace`;

/** The bottle's CA certificate: the only root that anything in the bottle needs. */
export const guestCaFile = `${guestHome}/.bot-bottle/ca.crt`;
