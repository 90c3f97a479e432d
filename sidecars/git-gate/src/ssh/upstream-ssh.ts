import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { knownHostsLine } from '@bot-bottle/git-gate';
import type { GateRepo } from '@bot-bottle/git-gate';
import { GitGateServerError } from '../errors.ts';
import { controlPath, endConnection } from './control-socket.ts';
import { sshVariables } from './ssh-command.ts';

export interface UpstreamSshOptions {
  readonly repo: GateRepo;
  /** absolute path of the ssh program */
  readonly ssh: string;
  /** private folder in memory */
  readonly keyDir: string;
}

/** How one upstream is reached: its key and host key as the files that ssh wants, and the shared connection. */
export interface UpstreamSsh {
  /** Replaces the key (text); null removes it. A connection that the old one opened takes nothing new. */
  setKey(key: string | null): Promise<void>;
  /**
   * Variables for git.
   *
   * @throws GitGateServerError `refresh_failed` that says what to add to the manifest
   */
  variables(): Record<string, string>;
  /** Ends the connection and removes the files. */
  close(): Promise<void>;
}

/**
 * The names of the files are fixed: the name of a repository has no separator in it.
 *
 * A push reaches the upstream twice, to refresh and to forward, and every connection costs a key exchange; so they
 * share one for as long as it is not idle for long. What that risks: whoever can open the control socket uses the
 * connection without the key. It lies beside the key, in the same private folder.
 */
export function createUpstreamSsh({ repo, ssh, keyDir }: UpstreamSshOptions): UpstreamSsh {
  const keyFile = join(keyDir, `${repo.name}.key`);
  const knownHostsFile = join(keyDir, `${repo.name}.known_hosts`);
  const socket = controlPath(keyDir, repo.name);
  let hasKey = false;
  const missing = (what: string, add: string): GitGateServerError =>
    new GitGateServerError('refresh_failed', `${repo.name}: no ${what}: add ${add} to the manifest`);
  return {
    setKey: async (key) => {
      hasKey = false;
      if (socket !== null) await endConnection(ssh, socket, 'stop');
      const { host, port, host_key: hostKey } = repo;
      if (hostKey !== null) await writePrivate(knownHostsFile, knownHostsLine({ host, port, hostKey }));
      if (key === null) await rm(keyFile, { force: true });
      else await writePrivate(keyFile, key);
      hasKey = key !== null;
    },
    variables: () => {
      if (repo.host_key === null) throw missing('host key', `git-gate.repos.${repo.name}.host_key`);
      if (!hasKey) throw missing('SSH key', `git-gate.repos.${repo.name}.identity (or provisioned_key)`);
      return sshVariables({ ssh, keyFile, knownHostsFile, socket });
    },
    close: async () => {
      hasKey = false;
      if (socket !== null) await endConnection(ssh, socket, 'exit');
      await Promise.all([keyFile, knownHostsFile].map((path) => rm(path, { force: true })));
    },
  };
}

/** ssh reads no key without a line break at its end, and none that others may read. */
async function writePrivate(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await writeFile(temporary, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600, flag: 'wx' });
  await rename(temporary, path);
}
