import type { AttackClass } from '../attack.ts';
import { addresses } from './addresses.ts';
import { destinations } from './destinations.ts';
import { git } from './git.ts';
import { host } from './host.ts';
import { network } from './network.ts';
import { operator } from './operator.ts';
import { credentials, requests } from './requests.ts';
import { secrets } from './secrets.ts';
import { sidecars } from './sidecars.ts';
import { terminal } from './terminal.ts';

/** Every attack, in the order in which it is made: what may break the bottle comes last. */
export const attackClasses: readonly AttackClass[] = [
  destinations,
  network,
  requests,
  credentials,
  addresses,
  secrets,
  git,
  host,
  terminal,
  operator,
  sidecars,
];
