import { randomInt } from 'node:crypto';
import type { Backend } from './attack.ts';

/** What an attacker who knows the source and the machine would know. All values differ from run to run. */
export interface Facts {
  readonly backend: Backend;
  /** a word that occurs nowhere by chance */
  readonly nonce: string;
  /** port of the TLS upstream behind every declared host */
  readonly port: number;
  /** address of the upstream, which egress may dial */
  readonly upstream: string;
  /** address of the host that nothing may dial; a decoy listens there on `port` too */
  readonly decoy: string;
  /** port of the decoys that listen on every address of the host */
  readonly decoyPort: number;
  /** UDP port of the decoy on every address of the host */
  readonly udpPort: number;
  /** every address of the host */
  readonly hostAddresses: readonly string[];
  /** where the resolver that egress asks listens, port 53 */
  readonly resolver: string;
  /** path of a listening unix socket of the host */
  readonly socketPath: string;
  /** name of a listening abstract socket of the host, without its NUL */
  readonly abstractName: string;
  /** path of a file of the operator with a secret in it */
  readonly hostFile: string;
  /** path on the host that must never come into being */
  readonly planted: string;
  /** addresses of the other bottle and its sidecars */
  readonly neighbours: readonly string[];
  /** URL of the repository behind the git gate, as the manifest has it */
  readonly gitUrl: string;
  /** slug of the bottle */
  readonly slug: string;
  /** `~/.bot-bottle` of the operator */
  readonly botBottleHome: string;
}

/** Port on which the program of the other bottle listens on every address it has. */
export const neighbourPort = 7777;
const chosen = randomInt(16, 240);
/** An address of the loopback for this run, so that two runs do not want the same port 53. */
export const ownLoopback = `127.${chosen}.${randomInt(1, 250)}.${randomInt(1, 250)}`;
/** Addresses that no host has (RFC 5737, RFC 3849), others in each run: packets to them would leave the machine. */
export const outside = { v4: `198.51.100.${chosen}`, v6: `2001:db8::${chosen.toString(16)}` } as const;
