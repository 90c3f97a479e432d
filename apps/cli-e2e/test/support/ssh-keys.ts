import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import type { World } from './world.ts';

/** A private key of the operator, and the public key of a server that is never reached. */
export function sshKeys(world: World): { readonly identity: string; readonly hostKey: string } {
  const make = (name: string): string => {
    const file = world.write(`keys/${name}`, '');
    rmSync(file);
    const { uid } = world.operator;
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'e2e', '-f', file], { uid, gid: uid });
    return file;
  };
  const identity = make('identity');
  const [type = '', body = ''] = readFileSync(`${make('server')}.pub`, 'utf8').split(' ');
  return { identity, hostKey: `${type} ${body}` };
}
